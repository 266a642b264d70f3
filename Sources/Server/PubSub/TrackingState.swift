import Engine

/// CLIENT TRACKING, as one connection has switched it on.
struct TrackingState {
  /// Keys are those with a prefix (all, with the empty one) rather than those it has read.
  var isBroadcast = false
  var prefixes: [[UInt8]] = []
  /// Only what it reads right after CLIENT CACHING YES, or all but what it reads right after CLIENT CACHING NO.
  var isOptIn = false
  var isOptOut = false
  /// Its own changes need not be told to it.
  var isNoLoop = false
  /// Who is told in its stead.
  var redirect: Redirect?
  /// CLIENT CACHING said something about the next command.
  var hasCachingChoice = false

  struct Redirect {
    let id: UInt64
    let client: ClientReference
    /// That one has gone.
    var isBroken = false
  }

  /// Whether the keys of a command that reads are to be remembered.
  var remembers: Bool {
    if isBroadcast { return false }
    if isOptIn { return hasCachingChoice }
    return !(isOptOut && hasCachingChoice)
  }
}
