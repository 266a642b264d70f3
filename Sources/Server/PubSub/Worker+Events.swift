import Engine
import RESP

/// Keyspace events on their way to their channels.
extension Worker {
  /// Publishes what has happened since the last time: at the end of a turn's commands, and before a message of a
  /// client, which may be about what it has done before.
  @inline(__always)
  func publishEvents(_ keyspace: inout Keyspace) {
    if !keyspace.events.isEmpty { publish(keyspace.events.take(), keyspace.events.wanted) }
  }

  @inline(never)
  private func publish(_ events: [KeyspaceEvent], _ wanted: EventClasses) {
    guard server.channels.hasSubscribers(isSharded: false) else { return }
    for event in events {
      let name = ByteView(event.name)
      ByteView.with(event.key) { key in
        if wanted.contains(.keyspaceChannel) {
          publish(on: "__keyspace@", event.database, key, message: name)
        }
        if wanted.contains(.keyeventChannel) {
          publish(on: "__keyevent@", event.database, name, message: key)
        }
      }
    }
  }

  private func publish(
    on prefix: StaticString, _ database: Int, _ suffix: ByteView, message: ByteView
  ) {
    var channel = ReplyWriter()
    channel.raw(prefix)
    ByteView.with(Array(String(database).utf8)) { channel.raw($0) }
    channel.raw("__:")
    channel.raw(suffix)
    publish(channel.bytes, message, isSharded: false)
  }
}
