import CJemalloc
import EventLoop
import Glibc
import Logging
import ServerConfig

extension ServerContext {
  /// CONFIG SET up to where workers come in: checks, applies what concerns the process, and stores.
  ///
  /// What can fail is tried before anything is stored, so a failure leaves everything as it was.
  func reconfigure(_ pairs: [(String, String)], fromLocalClient: Bool) throws(ConfigError) {
    try updateConfiguration { configuration throws(ConfigError) in
      var updated = configuration
      let changed = try updated.set(pairs, fromLocalClient: fromLocalClient)
      if origin.isEmbedded, let key = Self.ofTheProcess.first(where: changed.contains) {
        throw .failed(
          spelling(of: key, in: pairs), reason: "the process belongs to the program that has this store")
      }
      if changed.contains(.text(.dir)) {
        guard unsafe chdir(updated[.dir]) == 0 else {
          throw .failed(
            spelling(of: .text(.dir), in: pairs), reason: SystemError("chdir", errno).reason)
        }
        updated[.dir] = currentDirectory ?? updated[.dir]
      }
      do throws(ConfigError) {
        try listen(on: updated, insteadOf: configuration, changed, spelledAs: pairs)
        try setOOMScore(updated, insteadOf: configuration, changed, spelledAs: pairs)
        if changed.contains(.text(.procTitleTemplate)) { setProcessTitle(updated) }
        if changed.contains(.flag(.jemallocBgThread)) { setAllocatorThreads(updated) }
      } catch {
        _ = unsafe chdir(configuration[.dir])
        throw error
      }
      logOutput.level = LogOutput.level(named: updated[.loglevel])
      logOutput.path = updated[.logfile]
      configuration = updated
    }
  }

  /// What a store inside another program leaves alone.
  private static let ofTheProcess: [DirectiveKey] = [
    .text(.dir), .choice(.oomScoreAdj), .list(.oomScoreAdjValues), .text(.procTitleTemplate),
  ]

  private func setOOMScore(
    _ updated: Configuration, insteadOf current: Configuration, _ changed: [DirectiveKey],
    spelledAs pairs: [(String, String)]
  ) throws(ConfigError) {
    let keys: [DirectiveKey] = [.choice(.oomScoreAdj), .list(.oomScoreAdjValues)]
    guard let key = keys.first(where: changed.contains), !setOOMScore(updated) else { return }
    _ = setOOMScore(current)
    throw .failed(
      spelling(of: key, in: pairs),
      reason: "Failed to apply new oom_score_adj configuration, check server logs.")
  }

  /// `jemalloc-bg-thread`.
  func setAllocatorThreads(_ configuration: Configuration) {
    let code = cjemalloc_set_background_threads(configuration[.jemallocBgThread])
    if code != 0 { log.warning("jemalloc's threads: \(SystemError("mallctl", code).reason)") }
  }

  private func listen(
    on updated: Configuration, insteadOf current: Configuration, _ changed: [DirectiveKey],
    spelledAs pairs: [(String, String)]
  ) throws(ConfigError) {
    let binds = changed.contains(.list(.bind))
    guard binds || changed.contains(.integer(.port)) else { return }
    do throws(SystemError) {
      try listenAnew(on: updated, insteadOf: current)
    } catch {
      throw binds
        ? .failed(
          spelling(of: .list(.bind), in: pairs), reason: "Failed to bind to specified addresses.")
        : .failed(
          spelling(of: .integer(.port), in: pairs),
          reason: "Unable to listen on this port. Check server logs.")
    }
  }

  /// The name the client used, which may be an alias.
  private func spelling(of key: DirectiveKey, in pairs: [(String, String)]) -> String {
    pairs.first { DirectiveTable.definition(named: $0.0)?.key == key }?.0 ?? key.name
  }

  private var currentDirectory: String? {
    guard let path = unsafe getcwd(nil, 0) else { return nil }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }
}
