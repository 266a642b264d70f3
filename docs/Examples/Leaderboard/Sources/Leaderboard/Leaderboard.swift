import Martlet

/// A board of the best scores, on which each player may report a few scores a minute.
struct Leaderboard: Sendable {
  let store: MartletStore
  /// Reports a player may make within a minute.
  let reportsMax: Int

  enum Outcome { case counted, tooMany }

  /// Counts points for a player, unless he has reported too often.
  func report(_ points: Int, for player: String) async throws -> Outcome {
    let limit: Bytes = "reports:\(player)"
    // One transaction: no counter is ever left without an expiry.
    let replies = try await store.atomically([["INCR", limit], ["EXPIRE", limit, "60", "NX"]])
    guard case .integer(let reports) = replies[0], reports <= reportsMax else { return .tooMany }
    try await store.increment(Bytes(player), in: "board", by: Double(points))
    try await store.publish("\(player) +\(points)", to: "reports")
    return .counted
  }

  func best(_ count: Int) async throws -> [MartletStore.Scored] {
    try await store.ranked("board", through: count - 1, highestFirst: true)
  }
}
