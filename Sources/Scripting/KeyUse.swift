import RESP

/// A look at a script's text for which keys it names.
enum KeyUse {
  /// Whether every command of the script is written as `redis.call('name', KEYS[...], ...)`, or with a local that is
  /// set once to such a key, where the command has its only key. When in doubt: false.
  static func isDeclaredOnly(_ text: ByteView) -> Bool { false }
}
