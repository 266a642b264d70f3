import RESP

/// The classes of keyspace events: which of them are wanted, and what one belongs to. The values are those of
/// the configuration's own set.
package struct EventClasses: OptionSet, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let generic = EventClasses(rawValue: 1 << 0)
  package static let string = EventClasses(rawValue: 1 << 1)
  package static let list = EventClasses(rawValue: 1 << 2)
  package static let set = EventClasses(rawValue: 1 << 3)
  package static let hash = EventClasses(rawValue: 1 << 4)
  package static let sortedSet = EventClasses(rawValue: 1 << 5)
  package static let expired = EventClasses(rawValue: 1 << 6)
  package static let evicted = EventClasses(rawValue: 1 << 7)
  package static let stream = EventClasses(rawValue: 1 << 8)
  package static let newKey = EventClasses(rawValue: 1 << 10)
  /// Publish on `__keyspace@<db>__:<key>`.
  package static let keyspaceChannel = EventClasses(rawValue: 1 << 11)
  /// Publish on `__keyevent@<db>__:<event>`.
  package static let keyeventChannel = EventClasses(rawValue: 1 << 12)
  package static let keyMiss = EventClasses(rawValue: 1 << 13)
}

/// Something that happened to a key.
package struct KeyspaceEvent: Sendable {
  /// As Redis names it: mostly the command's name.
  package let name: StaticString
  package let key: [UInt8]
  package let database: Int
}

/// What happened in a turn and is to be published, in the order of the effects.
package struct KeyspaceEventLog: Sendable {
  /// None unless there is a channel to publish on.
  package var wanted: EventClasses = []
  package private(set) var events: [KeyspaceEvent] = []

  package var isEmpty: Bool { events.isEmpty }

  @inline(never)
  mutating func append(_ name: StaticString, _ key: ByteView, database: Int) {
    events.append(KeyspaceEvent(name: name, key: key.bytes, database: database))
  }

  /// Forgets what was noted since there were `count`.
  mutating func truncate(to count: Int) { events.removeSubrange(count...) }

  package mutating func take() -> [KeyspaceEvent] {
    let taken = events
    events.removeAll(keepingCapacity: taken.count <= 1024)
    return taken
  }
}

extension Keyspace {
  /// Notes an event of a key of the selected database, if anybody may want to hear of it. Where Redis has several
  /// for one command (`lpop`, `del`), their order is Redis' too.
  @inline(__always)
  mutating func notify(_ eventClass: EventClasses, _ name: StaticString, _ key: ByteView) {
    if !events.wanted.isDisjoint(with: eventClass) {
      events.append(name, key, database: selected)
    }
  }
}
