import EventLoop
import Glibc
import Logging
import ServerConfig
import Synchronization

/// How readily the kernel ends the process when the machine is out of memory: `oom-score-adj`.
extension ServerContext {
  private static let scorePath = "/proc/self/oom_score_adj"
  private static let scores = -1000...1000

  /// Sets the score as the configuration wants it. Switched off, the score that the process came with is restored, once.
  ///
  /// - Returns: false if the kernel does not allow it.
  func setOOMScore(_ configuration: Configuration) -> Bool {
    oomScoreAtStart.withLock { base in
      let mode = configuration[.oomScoreAdj]
      if mode == "no" {
        guard let old = base else { return true }
        base = nil
        return write(score: old)
      }
      guard let start = base ?? Self.currentScore else { return false }
      base = start
      let wanted = configuration.oomScoreAdjustments[0] + (mode == "absolute" ? 0 : start)
      return write(score: min(max(wanted, Self.scores.lowerBound), Self.scores.upperBound))
    }
  }

  private static var currentScore: Int? {
    let descriptor = unsafe open(scorePath, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 32)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress, $0.count)
    }
    return Int(
      String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).filter { !$0.isWhitespace })
  }

  private func write(score: Int) -> Bool {
    let descriptor = unsafe open(Self.scorePath, O_WRONLY | O_CLOEXEC)
    let text = Array(String(score).utf8)
    var isWritten = false
    if descriptor >= 0 {
      isWritten = unsafe text.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count
      }
      close(descriptor)
    }
    if !isWritten { log.warning("Unable to write oom_score_adj \(score): \(SystemError("write", errno).reason)") }
    return isWritten
  }
}
