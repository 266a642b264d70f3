/// `notify-keyspace-events`: which events are published, and on which channels.
package struct KeyspaceEvents: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let generic = KeyspaceEvents(rawValue: 1 << 0)
  package static let string = KeyspaceEvents(rawValue: 1 << 1)
  package static let list = KeyspaceEvents(rawValue: 1 << 2)
  package static let set = KeyspaceEvents(rawValue: 1 << 3)
  package static let hash = KeyspaceEvents(rawValue: 1 << 4)
  package static let sortedSet = KeyspaceEvents(rawValue: 1 << 5)
  package static let expired = KeyspaceEvents(rawValue: 1 << 6)
  package static let evicted = KeyspaceEvents(rawValue: 1 << 7)
  package static let stream = KeyspaceEvents(rawValue: 1 << 8)
  package static let module = KeyspaceEvents(rawValue: 1 << 9)
  package static let newKey = KeyspaceEvents(rawValue: 1 << 10)
  /// Publish on `__keyspace@<db>__:<key>`.
  package static let keyspaceChannel = KeyspaceEvents(rawValue: 1 << 11)
  /// Publish on `__keyevent@<db>__:<event>`.
  package static let keyeventChannel = KeyspaceEvents(rawValue: 1 << 12)
  package static let keyMiss = KeyspaceEvents(rawValue: 1 << 13)

  /// What `A` stands for: every event but misses and new keys.
  package static let all = KeyspaceEvents(rawValue: (1 << 10) - 1)

  private static let classes: [(Character, KeyspaceEvents)] = [
    ("g", .generic), ("$", .string), ("l", .list), ("s", .set), ("h", .hash), ("z", .sortedSet),
    ("x", .expired), ("e", .evicted), ("t", .stream), ("d", .module), ("n", .newKey),
  ]
  private static let channels: [(Character, KeyspaceEvents)] = [
    ("K", .keyspaceChannel), ("E", .keyeventChannel), ("m", .keyMiss),
  ]

  static func parse(_ text: String) throws(InvalidArgument) -> KeyspaceEvents {
    var events: KeyspaceEvents = []
    for character in text {
      if character == "A" {
        events.insert(.all)
      } else if let (_, event) = (classes + channels).first(where: { $0.0 == character }) {
        events.insert(event)
      } else {
        throw InvalidArgument("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
      }
    }
    return events
  }

  /// The letters as CONFIG GET shows them. Redis leaves `n` out next to `A`; so do we.
  package var description: String { letters(hidesNewKey: contains(.all)) }

  /// The letters with nothing left out, for a file that is read again.
  package var fileText: String { letters(hidesNewKey: false) }

  private func letters(hidesNewKey: Bool) -> String {
    var letters = contains(.all) ? "A" : ""
    for (letter, event) in Self.classes where contains(event) {
      if event == .newKey ? hidesNewKey : contains(.all) { continue }
      letters.append(letter)
    }
    for (letter, channel) in Self.channels where contains(channel) { letters.append(letter) }
    return letters
  }
}
