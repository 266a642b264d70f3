import CJemalloc
import Glibc
import Scripting

/// What jemalloc says is in use. To be asked before anything is gathered for a reply: that takes memory too.
struct AllocatorFigures: Sendable {
  let allocated: Int
  let active: Int
  let resident: Int

  init(_ watch: MemoryWatch) {
    allocated = watch.sample()
    active = Int(unsafe cjemalloc_statistic("stats.active"))
    resident = Int(unsafe cjemalloc_statistic("stats.resident"))
  }
}

/// The process' memory: jemalloc's figures, the kernel's, and what the server knows of its own overhead.
struct MemoryReport {
  let allocated: Int
  let active: Int
  let resident: Int
  /// Of the whole process, by the kernel.
  let residentSet: Int
  let system: Int
  let peak: Int
  let peakTime: Int64
  let startup: Int
  let clients: Int
  let tables: Int
  /// What waits for the append-only file.
  let journal: Int
  /// The texts of scripts and libraries, and the heaps of interpreters, which are not jemalloc's.
  let scripts: Int
  let functions: Int
  let interpreters: Int

  init(_ server: ServerContext, _ figures: AllocatorFigures, _ reports: [ShardReport]) {
    allocated = figures.allocated
    active = figures.active
    resident = figures.resident
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    system = Int(sysconf(Int32(_SC_PHYS_PAGES))) * page
    residentSet = Self.residentPages * page
    peak = server.memory.peakBytes
    peakTime = server.memory.peakTime
    startup = server.memory.startupBytes
    clients = reports.reduce(0) { $0 + $1.bufferByteCount }
    tables = reports.reduce(0) { $0 + $1.tableByteCount }
    journal = reports.reduce(0) { $0 + $1.journalQueuedByteCount }
    scripts = server.scripts.byteCount
    functions = server.libraries.all.reduce(0) { $0 + $1.text.count }
    interpreters = reports.reduce(0) { $0 + $1.interpreterByteCount }
  }

  /// What is not data: the empty server, clients' buffers, tables, scripts, what waits for files.
  var overhead: Int { startup + clients + tables + journal + scripts + functions }
  var dataset: Int { max(0, allocated - overhead) }
  var datasetPercentage: Double { HumanText.ratio(dataset, allocated - startup) * 100 }

  /// As jemalloc calls itself: `jemalloc-5.3.0`.
  static var allocator: String {
    let version = unsafe String(cString: cjemalloc_version())
    return "jemalloc-\(version.prefix { $0 != "-" })"
  }

  /// The second number of /proc/self/statm.
  private static var residentPages: Int {
    let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    let words = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return words.count > 1 ? Int(words[1]) ?? 0 : 0
  }
}
