import Boards
import Martlet

@main
struct Main {
  static func main() async throws {
    // With a port, `redis-cli -p 6380` could look into this program.
    let store = try await MartletStore.open(.init(shards: 2, procedures: [Leaderboard.gift]))
    let board = Leaderboard(store: store, reportsMax: 5)
    let reports = try await store.subscribe(to: ["reports"])

    // Four players report eight scores each, all at once; five of each count.
    let counted = try await withThrowingTaskGroup(of: Int.self) { group in
      for (number, player) in ["ada", "grace", "edsger", "barbara"].enumerated() {
        group.addTask {
          var counted = 0
          for _ in 0..<8 where try await board.report(10 + number, for: player) == .counted {
            counted += 1
          }
          return counted
        }
      }
      var counted = 0
      for try await part in group { counted += part }
      return counted
    }
    print("\(counted) of 32 reports counted")

    var seen = 0
    for try await _ in reports {
      seen += 1
      if seen == counted { break }
    }
    print("\(seen) messages seen")

    let given = try await store.call("gift", keys: ["board"], arguments: ["barbara", "edsger", "3"])
    print("gift: \(given)")

    for (place, entry) in try await board.best(3).enumerated() {
      print("\(place + 1). \(entry.member) \(Int(entry.score))")
    }
    try await store.close()
  }
}
