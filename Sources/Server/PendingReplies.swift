import Engine
import RESP

/// Keeps a connection's replies in the order of its commands while some of them are on other shards.
///
/// The connection's own replies go on being written to its output, back to back; this remembers where
/// in between the foreign ones belong. When the last has come, output is put together once.
struct PendingReplies: ~Copyable {
  private struct Place {
    /// How many bytes of the connection's own output precede this reply.
    let ownByteCount: Int
    var range: Range<Int>
    /// The client does not want this reply: it is waited for, and dropped.
    let isSilent: Bool
  }

  private var places: [Place] = []
  private var missing = 0
  private var foreign = ReplyWriter()
  private var assembled = ReplyWriter()
  /// Nobody wants the replies any more: those that are missing are waited for, and dropped.
  private var isAbandoned = false

  /// Whether replies are missing, so that nothing may be sent yet.
  var isWaiting: Bool { missing > 0 }

  /// How many are missing.
  var missingCount: Int { missing }

  /// Reserves the next reply's place.
  mutating func reserve(isSilent: Bool = false, output: borrowing ReplyWriter) -> Int {
    places.append(Place(ownByteCount: output.count, range: 0..<0, isSilent: isSilent))
    missing += 1
    return places.count - 1
  }

  /// Takes in a reply.
  mutating func fill(place index: Int, with reply: ByteView, output: inout ReplyWriter) {
    if isNextInOutput(output) {
      output.raw(reply)
      return settleOnly()
    }
    precondition(missing > 0, "a reply nobody waits for")
    missing -= 1
    if isAbandoned {
      if missing == 0 { places.removeAll() }
      return
    }
    if places[index].isSilent {
      // Its place stays empty.
    } else {
      places[index].range = foreign.count..<foreign.count + reply.count
      foreign.raw(reply)
    }
    if missing == 0 { assemble(&output) }
  }

  /// As above, for a reply that may be large: `reply` is empty then.
  mutating func fill(place index: Int, taking reply: inout ReplyWriter, output: inout ReplyWriter) {
    if isNextInOutput(output) {
      output.take(&reply)
      return settleOnly()
    }
    fill(place: index, with: reply.bytes, output: &output)
  }

  /// The usual case without pipelining: the only reply that is missing has nothing behind it, so there is nothing to put
  /// in order.
  private func isNextInOutput(_ output: borrowing ReplyWriter) -> Bool {
    places.count == 1 && missing == 1 && !isAbandoned && !places[0].isSilent && places[0].ownByteCount == output.count
  }

  private mutating func settleOnly() {
    missing = 0
    places.removeAll(keepingCapacity: true)
  }

  /// Drops what has come, and what will: the output that the places are counted in is gone.
  mutating func abandon() {
    isAbandoned = true
    foreign.removeAll(retaining: 0)
    assembled.removeAll(retaining: 0)
    if missing == 0 { places.removeAll() }
  }

  /// What its buffers occupy, and how much of that is replies.
  var allocatedByteCount: Int { foreign.allocatedByteCount + assembled.allocatedByteCount }
  var byteCount: Int { foreign.count }

  private mutating func assemble(_ output: inout ReplyWriter) {
    assembled.protocolVersion = output.protocolVersion
    var taken = 0
    for place in places {
      assembled.raw(output.bytes[taken..<place.ownByteCount])
      assembled.raw(foreign.bytes[place.range])
      taken = place.ownByteCount
    }
    assembled.raw(output.bytes[taken..<output.count])
    swap(&assembled, &output)
    assembled.removeAll()
    foreign.removeAll()
    places.removeAll(keepingCapacity: true)
  }
}
