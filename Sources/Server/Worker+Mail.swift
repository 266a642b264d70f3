import CLinux
import Engine
import EventLoop
import RESP
import Shard

/// Parcels from and to the other shards' workers.
extension Worker {
  /// Hands out the replies that came back, and collects the commands that came.
  func takeMail() {
    guard server.shardCount > 1 else { return }
    mail.receive(server.mailboxes) { parcel in handOut(parcel) }
  }

  private func handOut(_ parcel: Parcel) {
    for (index, waiter) in parcel.waiters.enumerated() {
      guard let connection = connections[ConnectionHandle(bits: waiter.connection)] else { continue }
      connection.fill(place: waiter.place, part: waiter.part, with: parcel.reply(at: index))
      if !connection.replies.isWaiting { resume(connection) }
    }
    answered.append(parcel)
  }

  /// Executes the commands other shards sent, and queues the answers.
  func answerRequests(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    guard !mail.requests.isEmpty else { return }
    let requests = mail.requests
    mail.requests.removeAll(keepingCapacity: true)
    for parcel in requests {
      answer(parcel, &keyspace, &counts)
      mail.sendBack(parcel)
    }
  }

  private func answer(
    _ parcel: Parcel, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    var words = ArgumentTable(capacity: parcel.count * 3)
    var records: [Parcel.Record] = []
    records.reserveCapacity(parcel.count)
    parcel.read(into: &words) { record in
      records.append(record)
      if record.hash.rawValue != 0 {
        keyspace.prefetchBucket(record.hash, database: record.database)
      }
    }
    let ahead = 12
    for record in records.prefix(ahead) where record.hash.rawValue != 0 {
      keyspace.prefetchEntry(record.hash, database: record.database)
    }
    var ticks = clinux_ticks()
    for (index, record) in records.enumerated() {
      if index + ahead < records.count, records[index + ahead].hash.rawValue != 0 {
        keyspace.prefetchEntry(
          records[index + ahead].hash, database: records[index + ahead].database)
      }
      let arguments = words.arguments(from: record.firstWord, count: record.wordCount)
      keyspace.select(record.database)
      keyspace.leavesAccessClocks = record.leavesAccessClocks
      let firstKey = server.table.descriptors[record.command].firstKey
      if record.hash.rawValue != 0, firstKey > 0, firstKey < arguments.count {
        keyspace.prepare(arguments[firstKey], record.hash)
      } else {
        keyspace.forgetPrepared()
      }
      parcel.answer(protocolVersion: record.protocolVersion) { reply in
        run(
          record.command, arguments, protocolVersion: record.protocolVersion, ticks: &ticks,
          &keyspace, &reply, &counts)
      }
    }
  }

  /// Sends the turn's parcels, and wakes their readers with this turn's own system call.
  func ship() {
    guard server.shardCount > 1 else { return }
    for parcel in answered { mail.reuse(parcel) }
    answered.removeAll(keepingCapacity: true)
    for shard in mail.ship(server.mailboxes) {
      traffic.parcelCount += 1
      loop.wakeWithNextSubmission(server.loops[shard])
    }
  }
}
