import Engine
import EventLoop
import Glibc
import Logging
import RESP
import ServerConfig

extension ServiceCommand {
  /// `CONFIG REWRITE`
  ///
  /// The file is replaced in one step: after a crash it is the old or the new one.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/config-rewrite/>
  static let configRewriteCommand = Command(
    "rewrite", "Writes the values of now into the configuration file.", since: "2.8.0",
    group: .server, complexity: "O(1)", arity: .exactly(2), flags: configFlags, tips: configTips,
    execution: .service)

  static let configRewrite: Body = { worker, _, _, _, reply throws(CommandError) in
    try rewriteConfiguration(of: worker.server)
    reply.ok()
  }

  /// - Parameter includesDefaults: writes all directives, not only those that are in the file or not at their default.
  static func rewriteConfiguration(
    of server: ServerContext, includesDefaults: Bool = false
  ) throws(CommandError) {
    guard let path = server.origin.path else {
      throw CommandError("ERR The server is running without a config file")
    }
    do throws(SystemError) {
      try ConfigurationFile.rewrite(
        path, with: server.configuration, includesDefaults: includesDefaults)
    } catch {
      server.log.warning("CONFIG REWRITE failed: \(error.description)")
      throw CommandError(composed: "ERR Rewriting config file: \(error.reason)")
    }
    server.log.notice("CONFIG REWRITE executed with success.")
  }
}

/// The configuration file of a running server.
private enum ConfigurationFile {
  static func rewrite(_ path: String, with configuration: Configuration, includesDefaults: Bool)
    throws(SystemError)
  {
    var original: String?
    if unsafe access(path, F_OK) == 0 {
      do throws(ConfigFileError) {
        original = try ConfigurationFiles.read(path).joined(separator: "\n")
      } catch { throw SystemError("open", EACCES) }
    }
    let temporary = "\(path).\(getpid())-rewrite.tmp"
    do throws(SystemError) {
      let text = configuration.rewritten(original: original, includesDefaults: includesDefaults)
      try write(Array(text.utf8), to: temporary)
      guard unsafe rename(temporary, path) == 0 else { throw SystemError("rename", errno) }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    syncDirectory(of: path)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw SystemError("write", errno) }
      rest = rest.dropFirst(written)
    }
    guard fsync(descriptor) == 0 else { throw SystemError("fsync", errno) }
  }

  /// Makes the new name last; where the file system can't, the file itself is still whole.
  private static func syncDirectory(of path: String) {
    let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    let directory = parent.joined(separator: "/")
    let descriptor = unsafe open(directory.isEmpty ? "/" : directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
