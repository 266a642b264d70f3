import RESP

/// The numbers of Redis' binary format for values and files.
///
/// ```
/// DUMP payload   type:1 value version:2 (little endian) CRC-64:8 (little endian)
///
/// length         00LLLLLL                   6 bits
///                01LLLLLL LLLLLLLL          14 bits, big endian
///                10000000 <4 bytes>         32 bits, big endian
///                10000001 <8 bytes>         64 bits, big endian
///                11EEEEEE                   no length: the string has encoding E
/// string         length <bytes>
///                11000000 <1 byte>          integer, 8 bits
///                11000001 <2 bytes>         integer, 16 bits, little endian
///                11000010 <4 bytes>         integer, 32 bits, little endian
///                11000011 length length <bytes>   LZF: compressed length, true length
/// ```
///
/// - SeeAlso: <https://rdb.fnordig.de/file_format.html>
package enum RDB {
  /// The newest version that is understood: Redis 8.
  package static let versionMax = 12
  /// Valkey 9 counts from here, apart from Redis.
  package static let valkeyVersion = 80

  /// Whether values of a file or payload of this version are understood.
  package static func isReadable(version: Int) -> Bool {
    version <= versionMax || version == valkeyVersion
  }

  /// What payloads that clients ask for use kinds of: Redis 7.2.
  package static let kindVersion = 11
  /// What files and payloads are written as while nothing in them needs more, so that older servers take them: Redis
  /// 7.0.
  package static let payloadVersion = 10

  /// What a value's first byte says. The case names the layout, not only the type.
  package enum ValueKind: UInt8, Sendable {
    case string = 0
    case list = 1
    case set = 2
    case hash = 4
    case hashZipmap = 9
    case hashZiplist = 13
    case hashListpack = 16
    /// Of Redis 7.4 before its release, and quite another layout in Valkey's files.
    case hashWithExpiriesOld = 22
    case hashListpackWithExpiriesOld = 23
    case hashWithExpiries = 24
    case hashListpackWithExpiries = 25
    case setIntset = 11
    case listZiplist = 10
    case listQuicklist = 14
    case sortedSetZiplist = 12
    case setListpack = 20
    case listQuicklist2 = 18
    case streamListpacks = 15
    case streamListpacks2 = 19
    case streamListpacks3 = 21
    case sortedSet = 3
    case sortedSet2 = 5
    case sortedSetListpack = 17

    /// The RDB version that a payload of it needs at least.
    var version: Int {
      switch self {
      case .streamListpacks3, .setListpack: 11
      case .hashWithExpiries, .hashListpackWithExpiries: 12
      default: RDB.payloadVersion
      }
    }
  }

  /// What stands in a file where a value's kind could, and is none.
  package enum Opcode: UInt8, Sendable {
    case slotInfo = 0xF4
    case function = 0xF5
    case oldFunction = 0xF6
    case moduleValue = 0xF7
    case idleSeconds = 0xF8
    case frequency = 0xF9
    case auxiliary = 0xFA
    case sizes = 0xFB
    case expiryMilliseconds = 0xFC
    case expirySeconds = 0xFD
    case selectDatabase = 0xFE
    case end = 0xFF
  }

  enum StringEncoding: UInt8 {
    case int8 = 0
    case int16 = 1
    case int32 = 2
    case lzf = 3
  }

  /// Shorter strings are not worth compressing.
  static let compressibleBytesMin = 21
}

/// What is wrong with bytes that should be RDB.
package struct RDBError: Error, Sendable, Equatable {
  /// Where reading stopped.
  package let offset: Int
  /// What should have been there.
  package let expected: String
  /// Nothing is wrong but that the value has no elements; `offset` is behind it.
  package let isEmptyValue: Bool
  /// Of an empty value in a file: what it is called.
  package var key: [UInt8] = []

  package init(offset: Int, expected: String, isEmptyValue: Bool = false) {
    self.offset = offset
    self.expected = expected
    self.isEmptyValue = isEmptyValue
  }
}
