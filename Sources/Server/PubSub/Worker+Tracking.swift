import Engine
import RESP
import Shard

/// Client-side caching: remembering what clients have read, and telling them what has changed.
extension Worker {
  func reference(to connection: Connection) -> ClientReference {
    if let visit = connection.visit {
      return ClientReference(worker: visit.origin, handle: visit.waiter.connection)
    }
    return ClientReference(worker: index, handle: connection.handle.bits)
  }

  // MARK: Remembering

  enum KeyPart {
    case own, foreign, all
  }

  /// Has the shards of a command's keys remember who reads them.
  ///
  /// Other shards do so before the command runs. Should a key change in between, the client is told of that behind the
  /// reply, so it never keeps what nobody would tell it about.
  func rememberKeys(
    _ command: Int, _ words: Arguments, _ connection: Connection,
    _ part: KeyPart, _ keyspace: inout Keyspace
  ) {
    let command = server.table.commands[command]
    guard command.flags.contains(.readOnly), let positions = command.keyPositions(in: words) else { return }
    let reader = reference(to: connection)
    for position in positions where position < words.count {
      let shard = server.shard(of: words[position])
      if shard == index {
        if part != .foreign { keyspace.track(words[position], for: reader) }
      } else if part != .own {
        mail.outgoing(to: shard).trackings.append((words[position].bytes, reader))
      }
    }
  }

  /// Takes in what other threads' clients are about to read.
  func takeTrackings(_ parcel: Parcel, _ keyspace: inout Keyspace) {
    for (key, reader) in parcel.trackings {
      ByteView.with(key) { keyspace.track($0, for: reader) }
    }
  }

  // MARK: Telling

  /// Tells what this shard's changes of this turn have made void.
  @inline(__always)
  func publishInvalidations(_ keyspace: inout Keyspace) {
    if keyspace.observed.hasInvalidations { publishInvalidations(keyspace.observed.takeInvalidations()) }
  }

  @inline(never)
  private func publishInvalidations(_ taken: (invalidations: [Invalidation], isFlush: Bool)) {
    // Every shard is flushed, so each thread hears of it from its own.
    if taken.isFlush { invalidateEverything() }
    guard !taken.invalidations.isEmpty else { return }
    for worker in 0..<server.shardCount {
      let isBroadcaster = server.broadcasters.isSet(worker)
      let relevant = taken.invalidations.filter { invalidation in
        isBroadcaster || invalidation.readers.contains { $0.worker == worker }
      }
      guard !relevant.isEmpty else { continue }
      if worker == index {
        invalidate(relevant)
      } else {
        mail.outgoing(to: worker).messages.append(.invalidate(relevant))
      }
    }
  }

  /// Tells this thread's clients.
  func invalidate(_ invalidations: [Invalidation]) {
    for invalidation in invalidations {
      for reader in invalidation.readers where reader.worker == index {
        guard let connection = connections[ConnectionHandle(bits: reader.handle)],
          let tracking = connection.tracking, !tracking.isBroadcast,
          !(tracking.isNoLoop && invalidation.writer == reader)
        else { continue }
        tell(connection, [invalidation.key])
      }
    }
    for connection in broadcastClients { broadcast(invalidations, to: connection) }
  }

  /// One message for each prefix.
  private func broadcast(_ invalidations: [Invalidation], to connection: Connection) {
    guard let tracking = connection.tracking else { return }
    let me = reference(to: connection)
    for prefix in tracking.prefixes {
      var seen: Set<[UInt8]> = []
      let keys = invalidations.compactMap { invalidation -> [UInt8]? in
        guard invalidation.key.starts(with: prefix),
          !(tracking.isNoLoop && invalidation.writer == me),
          seen.insert(invalidation.key).inserted
        else { return nil }
        return invalidation.key
      }
      if !keys.isEmpty { tell(connection, keys) }
    }
  }

  private func invalidateEverything() {
    guard trackingCount > 0 else { return }
    for connection in connections.all where connection.tracking != nil { tell(connection, nil) }
  }

  /// Sends keys (nil: all) to a client that tracks, or to whom it has named.
  private func tell(_ connection: Connection, _ keys: [[UInt8]]?) {
    guard let redirect = connection.tracking?.redirect else {
      guard connection.protocolVersion == 3 else { return }
      return sendInvalidation(keys, to: connection)
    }
    if redirect.client.worker == index {
      redirected(keys, to: redirect.client, from: reference(to: connection))
    } else {
      mail.outgoing(to: redirect.client.worker).messages.append(
        .redirectInvalidation(keys, to: redirect.client, from: reference(to: connection)))
    }
  }

  /// Sends keys to a client of this thread that another one has named.
  func redirected(_ keys: [[UInt8]]?, to target: ClientReference, from source: ClientReference) {
    guard let connection = connections[ConnectionHandle(bits: target.handle)], !connection.isClosing
    else {
      if source.worker == index {
        redirectBroken(source)
      } else {
        mail.outgoing(to: source.worker).messages.append(.redirectBroken(source))
      }
      return
    }
    if connection.protocolVersion == 3 || connection.isSubscriber {
      sendInvalidation(keys, to: connection)
    }
  }

  /// The one that a client has named is gone.
  func redirectBroken(_ source: ClientReference) {
    guard let connection = connections[ConnectionHandle(bits: source.handle)],
      let redirect = connection.tracking?.redirect
    else { return }
    connection.tracking?.redirect?.isBroken = true
    guard connection.protocolVersion == 3 else { return }
    var message = ReplyWriter(protocolVersion: 3)
    message.push(2)
    message.bulk("tracking-redir-broken" as StaticString)
    message.integer(Int(redirect.id))
    pushBehindReplies(message.bytes, to: connection)
  }

  private func sendInvalidation(_ keys: [[UInt8]]?, to connection: Connection) {
    var message = ReplyWriter(protocolVersion: connection.protocolVersion)
    if connection.protocolVersion == 3 {
      message.push(2)
      message.bulk("invalidate" as StaticString)
    } else {
      message.array(3)
      message.bulk("message" as StaticString)
      message.bulk("__redis__:invalidate" as StaticString)
    }
    if let keys {
      message.array(keys.count)
      for key in keys { message.bulk(key) }
    } else {
      message.null()
    }
    pushBehindReplies(message.bytes, to: connection)
  }

  /// As `push`, but also behind the replies that other shards have not sent yet: what they hold may be what has changed.
  private func pushBehindReplies(_ bytes: ByteView, to connection: Connection) {
    deliverGathered()
    if connection.replies.isWaiting {
      connection.pushes.raw(bytes)
      touch(connection)
    } else {
      push(bytes, to: connection)
    }
  }

  // MARK: On and off

  func startTracking(_ connection: Connection, _ state: TrackingState, _ keyspace: inout Keyspace) {
    if connection.tracking == nil { trackingCount += 1 }
    connection.tracking = state
    guard state.isBroadcast else { return }
    if !broadcastClients.contains(where: { $0 === connection }) { broadcastClients.append(connection) }
    server.broadcasters.set(index, true)
    keyspace.observed.setBroadcasting(true)
  }

  func stopTracking(_ connection: Connection) {
    guard connection.tracking != nil else { return }
    trackingCount -= 1
    connection.tracking = nil
    broadcastClients.removeAll { $0 === connection }
    if broadcastClients.isEmpty { server.broadcasters.set(index, false) }
  }
}
