/// What kind of value a key holds. The numbers are the object types of Redis' files.
package enum ValueType: UInt8, Sendable, CaseIterable {
  case string = 0
  case list = 1
  case set = 2
  case sortedSet = 3
  case hash = 4
  case stream = 5

  /// As TYPE and SCAN name it.
  package var name: StaticString {
    switch self {
    case .string: "string"
    case .list: "list"
    case .set: "set"
    case .sortedSet: "zset"
    case .hash: "hash"
    case .stream: "stream"
    }
  }
}

/// How a value is stored; the last four are of collections.
package enum ValueEncoding: UInt8, Sendable {
  /// An 8-byte integer in the entry.
  case integer = 0
  /// Bytes in the entry, never changed in place by APPEND and its like.
  case embedded = 1
  /// Bytes in the entry that are longer than `embedded` allows, or were changed in place.
  case rawInline = 2
  /// Bytes in a growable buffer of their own.
  case rawBuffer = 3
  /// A few small elements in a `Listpack`.
  case listpack = 4
  /// A set of integers in an `IntSet`.
  case intset = 5
  /// Whatever the type uses for many elements: quicklist, element table, B+ tree, stream.
  case structure = 6
  /// A hash in a listpack whose fields may expire.
  case listpackWithExpiries = 7

  /// As OBJECT ENCODING names it.
  package func name(of type: ValueType) -> StaticString {
    switch self {
    case .integer: "int"
    case .embedded: "embstr"
    case .rawInline, .rawBuffer: "raw"
    case .listpack: "listpack"
    case .intset: "intset"
    case .listpackWithExpiries: "listpackex"
    case .structure:
      switch type {
      case .string: "raw"
      case .list: "quicklist"
      case .set, .hash: "hashtable"
      case .sortedSet: "skiplist"
      case .stream: "stream"
      }
    }
  }
}
