import Martlet

/// A board of the best scores, on which each player may report a few scores a minute.
public struct Leaderboard: Sendable {
  private let store: MartletStore
  /// Reports a player may make within a minute.
  private let reportsMax: Int

  public init(store: MartletStore, reportsMax: Int) {
    self.store = store
    self.reportsMax = reportsMax
  }

  public enum Outcome: Sendable { case counted, tooMany }

  /// Counts points for a player, unless he has reported too often.
  public func report(_ points: Int, for player: String) async throws -> Outcome {
    let limit: Bytes = "reports:\(player)"
    let reportsMax = reportsMax
    // One transaction over two keys, wherever they are: who is counted has been let in, and nobody twice.
    let outcome = try await store.transaction(keys: [limit, "board"]) { view in
      guard try view.increment(limit) <= reportsMax else { return Outcome.tooMany }
      if try view.timeToLive(limit) == nil { try view.expire(limit, after: .seconds(60)) }
      try view.increment(Bytes(player), in: "board", by: Double(points))
      return .counted
    }
    if outcome == .counted { try await store.publish("\(player) +\(points)", to: "reports") }
    return outcome
  }

  public func best(_ count: Int) async throws -> [MartletStore.Scored] {
    try await store.ranked("board", through: count - 1, highestFirst: true)
  }

  /// `FCALL gift 1 board from to points`: a player gives points to another one, who gets what there is at most.
  ///
  /// Clients of a server can call it; it replies with the points given.
  public static let gift = Procedure("gift", description: "Gives points to another player.") { view in
    guard view.keys.count == 1, view.arguments.count == 3, let asked = Double(view.arguments[2].string),
      asked > 0
    else { throw MartletError.refused("ERR usage: gift 1 board from to points") }
    let (board, from, to) = (view.keys[0], view.arguments[0], view.arguments[1])
    let given = min(asked, try view.score(of: from, in: board) ?? 0)
    guard given > 0 else { return .integer(0) }
    try view.increment(from, in: board, by: -given)
    try view.increment(to, in: board, by: given)
    return .integer(Int(given))
  }
}
