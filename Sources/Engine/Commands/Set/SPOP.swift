import RESP

extension Command {
  /// `SPOP key [count]`
  ///
  /// Replies with a member drawn at random, which is removed, null if there is no set; with `count` with a Set of as
  /// many as there are, in RESP2 with an Array.
  ///
  /// - Throws: `.wrongType`; `.outOfRangePositive`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/spop/>
  package static let spop = Command(
    "spop", "Takes members drawn at random out of a set.", since: "1.0.0", group: .set,
    complexity: "O(N) in the members taken.", arity: .atLeast(2),
    keys: [.at(1, [.readWrite, .access, .delete])], flags: [.write, .fast],
    tips: ["nondeterministic_output"],
    arguments: [.key(), Argument("count", .integer, .optional, since: "3.2.0")],
    history: [("3.2.0", "The argument `count`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count <= 3 else { throw .syntax }
      let count = arguments.count == 3 ? try arguments[2].positiveCount() : nil
      let key = arguments[1]
      guard let set = try keyspace.collection(SetValue.self, key, for: .write) else {
        return count == nil ? reply.null() : reply.set(0)
      }
      guard let count else {
        let member = set.randomMember(&keyspace.random).withBytes { $0.bytes }
        reply.bulk(member)
        ByteView.with(member) { _ = set.remove($0) }
        keyspace.record(["SREM", .view(key), .bytes(member)])
        return keyspace.changed(key, set, .set, "spop")
      }
      if count == 0 { return reply.set(0) }
      if count >= set.count {
        reply.set(set.count)
        set.forEach { $0.write(to: &reply) }
        keyspace.notify(.set, "spop", key)
        _ = keyspace.delete(key)
        return keyspace.record(["DEL", .view(key)])
      }
      reply.set(count)
      let members = set.distinctRandomMembers(count, &keyspace.random)
      for member in members {
        reply.bulk(member)
        ByteView.with(member) { _ = set.remove($0) }
      }
      keyspace.record(["SREM", .view(key)] + members.map { .bytes($0) })
      keyspace.changed(key, set, .set, "spop")
    })

  /// `SRANDMEMBER key [count]`
  ///
  /// Replies with a member drawn at random, null if there is no set; with `count` with an Array: each member at most
  /// once, or for a negative count as many draws.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`; `.outOfRange`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/srandmember/>
  package static let srandmember = Command(
    "srandmember", "Returns members of a set, drawn at random.", since: "1.0.0", group: .set,
    complexity: "O(N) in the members returned.", arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [.key(), Argument("count", .integer, .optional, since: "2.6.0")],
    history: [("2.6.0", "The argument `count`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count <= 3 else { throw .syntax }
      let key = arguments[1]
      guard arguments.count == 3 else {
        guard let set = try keyspace.collection(SetValue.self, key, for: .read) else {
          return reply.null()
        }
        return set.randomMember(&keyspace.random).write(to: &reply)
      }
      let count = try arguments[2].integer()
      guard count != .min else { throw .countOutOfRange }
      guard count >= -Int.max / 2, count <= Int.max / 2 else { throw .valueOutOfRange }
      guard let set = try keyspace.collection(SetValue.self, key, for: .read), count != 0 else {
        return reply.array(0)
      }
      if count < 0 {
        reply.array(-count)
        for _ in 0..<(-count) {
          if reply.isTooLong { break }
          set.randomMember(&keyspace.random).write(to: &reply)
        }
      } else if count >= set.count {
        reply.array(set.count)
        set.forEach { $0.write(to: &reply) }
      } else {
        reply.array(count)
        for member in set.distinctRandomMembers(count, &keyspace.random) { reply.bulk(member) }
      }
    })
}

extension SetValue {
  /// Members drawn at random, none of them twice; `wanted` is less than there are.
  ///
  /// - Complexity: O(wanted) where that is a small part of the set, else O(members).
  func distinctRandomMembers(_ wanted: Int, _ random: inout SplitMix64) -> [[UInt8]] {
    if encoding == .structure, wanted * 3 < count {
      // Draws that were there already are few.
      var drawn: Set<[UInt8]> = []
      drawn.reserveCapacity(wanted)
      var members: [[UInt8]] = []
      while members.count < wanted {
        let member = randomMember(&random).withBytes { $0.bytes }
        if drawn.insert(member).inserted { members.append(member) }
      }
      return members
    }
    // Selection sampling: each member is taken with the chance that is left for it (Knuth 3.4.2, algorithm S).
    var left = count
    var needed = wanted
    var members: [[UInt8]] = []
    members.reserveCapacity(wanted)
    forEach { member in
      guard needed > 0 else { return }
      if random.index(below: left) < needed {
        members.append(member.withBytes { $0.bytes })
        needed -= 1
      }
      left -= 1
    }
    return members
  }
}
