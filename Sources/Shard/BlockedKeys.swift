import Engine
import RESP

/// The lines of clients that wait for keys of one shard.
struct BlockedKeys {
  private struct Place {
    let call: BlockedCall
    let position: Int
  }

  private var lines: [DatabaseKey: [Place]] = [:]

  var isEmpty: Bool { lines.isEmpty }
  var keyCount: Int { lines.count }

  /// Puts a call at the end of the line of each of its keys that are here.
  mutating func add(_ call: BlockedCall, shard: Int, _ keyspace: inout Keyspace) {
    for key in call.keys where key.shard == shard {
      // A key named twice gives the client one place.
      if lines[key.name]?.contains(where: { $0.call === call }) == true { continue }
      lines[key.name, default: []].append(Place(call: call, position: key.position))
      keyspace.observe(key.name)
    }
  }

  mutating func remove(_ call: BlockedCall, shard: Int, _ keyspace: inout Keyspace) {
    for key in call.keys where key.shard == shard {
      guard var line = lines.removeValue(forKey: key.name) else { continue }
      let before = line.count
      line.removeAll { $0.call === call }
      if !line.isEmpty { lines[key.name] = line }
      if line.count < before { keyspace.stopObserving(key.name) }
    }
  }

  /// Who stands at `index` in a key's line, and where the key is among the words of that call.
  func call(in key: DatabaseKey, at index: Int) -> (call: BlockedCall, position: Int)? {
    guard let line = lines[key], line.indices.contains(index) else { return nil }
    return (line[index].call, line[index].position)
  }
}
