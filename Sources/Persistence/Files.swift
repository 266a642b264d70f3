package import EventLoop
import Glibc
package import RESP

/// The few things persistence does with files beside writing to those that are open. All of them may block: none is
/// for a shard's thread, except at its start.
package enum Files {
  /// Opens a file for writing, empty.
  package static func create(_ path: String, permissions: UInt32 = 0o644) throws(SystemError) -> Int32 {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    return descriptor
  }

  /// Opens a file to go on writing at its end.
  package static func openToAppend(_ path: String) throws(SystemError) -> Int32 {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    return descriptor
  }

  package static func makeDirectory(_ path: String) throws(SystemError) {
    if unsafe mkdir(path, 0o755) != 0, errno != EEXIST { throw SystemError("mkdir", errno) }
  }

  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  package static func byteCount(_ path: String) throws(SystemError) -> Int {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw SystemError("stat", errno) }
    return Int(status.st_size)
  }

  /// All of a small file, also of those that don't know their length.
  package static func text(_ path: String) throws(SystemError) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
    guard count >= 0 else { throw SystemError("read", errno) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  package static func remove(_ path: String) throws(SystemError) {
    if unsafe unlink(path) != 0, errno != ENOENT { throw SystemError("unlink", errno) }
  }

  package static func truncate(_ path: String, to byteCount: Int) throws(SystemError) {
    guard unsafe Glibc.truncate(path, byteCount) == 0 else { throw SystemError("truncate", errno) }
  }

  package static func sync(_ descriptor: Int32) throws(SystemError) {
    guard fsync(descriptor) == 0 else { throw SystemError("fsync", errno) }
  }

  /// Gives a finished file its name, in place of what has it: whole or not at all, whatever crashes.
  package static func rename(_ old: String, to new: String) throws(SystemError) {
    guard unsafe Glibc.rename(old, new) == 0 else { throw SystemError("rename", errno) }
    try syncDirectory(ofFile: new)
  }

  /// Has the names in a file's directory survive a crash.
  package static func syncDirectory(ofFile path: String) throws(SystemError) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = unsafe open(directory.isEmpty ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    defer { close(descriptor) }
    // Some file systems have nothing to sync there.
    if fsync(descriptor) != 0, errno != EINVAL { throw SystemError("fsync", errno) }
  }

  /// Writes a small file under a temporary name, syncs it, and gives it its name.
  package static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
    let temporary = path + ".tmp"
    let descriptor = try create(temporary)
    defer { close(descriptor) }
    try write(bytes, to: descriptor)
    try sync(descriptor)
    try rename(temporary, to: path)
  }

  package static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError("write", errno)
      }
      done += count
    }
  }

  package static func write(_ bytes: [UInt8], to descriptor: Int32, at offset: Int) throws(SystemError) {
    guard lseek(descriptor, offset, SEEK_SET) >= 0 else { throw SystemError("lseek", errno) }
    try write(bytes, to: descriptor)
  }

  package static func names(in directory: String) -> [String] {
    guard let handle = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// A file as memory, for reading from front to back. Whoever shortens it meanwhile kills the process, as with any
/// mapped file.
@safe package final class MappedFile: @unchecked Sendable {
  // Unchecked: nobody writes to it.
  package let path: String
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer?

  package init(_ path: String) throws(SystemError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError("fstat", errno) }
    byteCount = Int(status.st_size)
    guard byteCount > 0 else {
      unsafe base = nil
      return
    }
    let memory = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { throw SystemError("mmap", errno) }
    unsafe madvise(memory, byteCount, MADV_SEQUENTIAL)
    unsafe base = memory
  }

  deinit { if let base = unsafe base { unsafe munmap(base, byteCount) } }

  /// A copy of all of it.
  package func contents() -> [UInt8] { withExtendedLifetime(self) { bytes.bytes } }

  /// Valid as long as the file is referenced.
  package var bytes: ByteView {
    guard let base = unsafe base else { return .empty }
    return unsafe ByteView(unsafeBase: UnsafeRawPointer(base), count: byteCount)
  }
}
