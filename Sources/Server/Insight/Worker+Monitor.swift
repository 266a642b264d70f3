import Engine
import EventLoop
import Logging
import RESP
import Shard
import Synchronization

/// One worker's clients in MONITOR mode, and the lines for all of them.
struct Monitors {
  var connections: [Connection] = []
  /// What this turn's commands have added.
  fileprivate var feed: [UInt8] = []
}

/// MONITOR: each command of each client is told to all clients in that mode, by the worker of the client that sent
/// it, so that they see every client's commands in order.
extension Worker {
  // MARK: Who looks on

  func startMonitoring(_ connection: Connection) {
    guard !connection.isMonitor else { return }
    // What came before is not for it.
    deliverFeed()
    connection.isMonitor = true
    insight.monitors.connections.append(connection)
    changeMonitorCount(by: 1)
  }

  /// Ends the mode, also for a connection that is gone.
  func stopMonitoring(_ connection: Connection) {
    guard connection.isMonitor else { return }
    connection.isMonitor = false
    insight.monitors.connections.removeAll { $0 === connection }
    changeMonitorCount(by: -1)
  }

  private func changeMonitorCount(by change: Int) {
    server.insight.monitorsOfWorkers.withLock { $0[index, default: 0] += change }
    server.insight.monitorCount.add(change, ordering: .relaxed)
  }

  // MARK: What they see

  /// Tells of a command that a client of this worker runs.
  func monitor(_ command: Int, _ words: Arguments, _ connection: Connection, database: Int) {
    guard isForMonitors(command) else { return }
    let name = server.table.fullNames[command]
    monitor(
      Redaction.mayBeSecret(name)
        ? Redaction.redacted((0..<words.count).map { words[$0].bytes }, of: name) : nil,
      words, source: "\(database) \(connection.address.monitorPeer)")
  }

  /// Tells of a script that a client of this worker runs, which `monitor` leaves out.
  func monitorCaller(_ words: Arguments, _ connection: Connection) {
    monitor(nil, words, source: "\(connection.database) \(connection.address.monitorPeer)")
  }

  /// Tells of a command that a script runs.
  func monitorScript(_ command: Int, _ words: Arguments, database: Int) {
    guard isForMonitors(command) else { return }
    monitor(nil, words, source: "\(database) lua")
  }

  /// Administrators' commands are nobody else's business.
  private func isForMonitors(_ command: Int) -> Bool {
    let flags = server.table.commands[command].flags
    return !flags.contains(.skipMonitor) && !flags.contains(.admin)
  }

  private func monitor(_ redacted: [[UInt8]]?, _ words: Arguments, source: String) {
    let now = WallClock.microseconds
    let fraction = String(now % 1_000_000)
    let zeros = String(repeating: "0", count: 6 - fraction.utf8.count)
    insight.monitors.feed += Array("+\(now / 1_000_000).\(zeros)\(fraction) [\(source)]".utf8)
    for index in 0..<words.count {
      insight.monitors.feed.append(UInt8(ascii: " "))
      if let redacted {
        ByteView.with(redacted[index]) { QuotedText.append($0, to: &insight.monitors.feed) }
      } else {
        QuotedText.append(words[index], to: &insight.monitors.feed)
      }
    }
    insight.monitors.feed += [0x0D, 0x0A]
    if insight.monitors.feed.count > Self.feedBytesMax { deliverFeed() }
  }

  /// What is collected at most before it goes on its way.
  private static let feedBytesMax = 1 << 20

  /// Hands the collected lines to this worker's monitors, and sends them to the others'.
  func deliverFeed() {
    guard !insight.monitors.feed.isEmpty else { return }
    var feed: [UInt8] = []
    swap(&feed, &insight.monitors.feed)
    showMonitors(feed)
    let others = server.insight.monitorsOfWorkers.withLock { $0 }
    for (worker, count) in others where count > 0 && worker != index {
      scheduler.outbox.append((.monitored(feed), worker))
    }
    feed.removeAll(keepingCapacity: feed.count <= 64 << 10)
    insight.monitors.feed = feed
  }

  /// As above, while a command of `connection` runs: its lines go before the command's reply.
  func deliverFeed(before reply: inout ReplyWriter, _ connection: Connection) {
    if connection.isMonitor { ByteView.with(insight.monitors.feed) { reply.raw($0) } }
    insight.monitors.connections.removeAll { $0 === connection }
    deliverFeed()
    if connection.isMonitor { insight.monitors.connections.append(connection) }
  }

  /// Lines for this worker's monitors.
  ///
  /// A client that does not read them is cut off: they can't be held back, as replies can.
  func showMonitors(_ lines: [UInt8]) {
    for connection in insight.monitors.connections where !connection.isShutDown {
      ByteView.with(lines) { connection.output.raw($0) }
      if connection.pendingOutputByteCount > Self.outputBytesPause {
        server.log.warning(
          "Closing client in MONITOR mode that does not read: \(describe(connection))")
        unsafe traffic.outputBufferDisconnections += 1
        shutDown(connection)
      } else {
        touch(connection)
      }
    }
  }
}

/// Bytes in double quotes, with what is not printable ASCII escaped.
enum QuotedText {
  static func append(_ bytes: ByteView, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for index in 0..<bytes.count { append(bytes[index], to: &text) }
    text.append(UInt8(ascii: "\""))
  }

  private static func append(_ byte: UInt8, to text: inout [UInt8]) {
    let backslash = UInt8(ascii: "\\")
    switch byte {
    case backslash, UInt8(ascii: "\""): text += [backslash, byte]
    case 0x0A: text += [backslash, UInt8(ascii: "n")]
    case 0x0D: text += [backslash, UInt8(ascii: "r")]
    case 0x09: text += [backslash, UInt8(ascii: "t")]
    case 0x07: text += [backslash, UInt8(ascii: "a")]
    case 0x08: text += [backslash, UInt8(ascii: "b")]
    case 0x20...0x7E: text.append(byte)
    default:
      text += [backslash, UInt8(ascii: "x"), digit(byte >> 4), digit(byte & 15)]
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}

extension SocketAddresses {
  /// As MONITOR names a client.
  var monitorPeer: String { isUnix ? "unix:\(peer.dropLast(2))" : peer }
}
