import EventLoop
import Glibc
import Logging
import ServerConfig
import Synchronization

/// The sockets a server listens on, by a number that none of them ever shares with an earlier one.
final class OpenListeners: Sendable {
  private struct State {
    var open: [UInt64: Listener] = [:]
    var last: UInt64 = 0
  }

  private let state = Mutex(State())

  subscript(_ id: UInt64) -> Listener? { state.withLock { $0.open[id] } }

  /// The TCP port of one of them.
  var port: Int? { state.withLock { $0.open.values.lazy.compactMap(\.port).first } }

  /// Takes in listeners; their numbers.
  func add(_ listeners: [Listener]) -> [UInt64] {
    state.withLock { state in
      listeners.map { listener in
        state.last += 1
        state.open[state.last] = listener
        return state.last
      }
    }
  }

  /// Stops listening on TCP.
  func closeTCP() { close { $0.path == nil } }

  func closeAll() { close { _ in true } }

  private func close(where isChosen: (Listener) -> Bool) {
    let closed = state.withLock { state in
      let chosen = state.open.filter { isChosen($0.value) }
      for id in chosen.keys { state.open[id] = nil }
      return Array(chosen.values)
    }
    for listener in closed {
      // Closing alone would leave the accept waiting, and the address taken.
      shutdown(listener.descriptor, Int32(SHUT_RDWR))
      listener.close()
    }
  }
}

/// Listening, at the start and when CONFIG SET changes where.
extension ServerContext {
  /// Opens the TCP listeners of a configuration: none for `port 0` and for no address. What fails is logged.
  func openTCP(_ configuration: Configuration) throws(SystemError) -> [Listener] {
    // `port 0` in the configuration means no TCP at all, as in Redis.
    guard configuration[.port] != 0 else { return [] }
    var listeners: [Listener] = []
    for address in configuration.bindAddresses {
      let isOptional = address.hasPrefix("-")
      let name = isOptional ? String(address.dropFirst()) : address
      do throws(SystemError) {
        listeners.append(
          try Listener.tcp(
            address: name, port: configuration[.port], backlog: configuration[.tcpBacklog]))
      } catch {
        if isOptional, error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT { continue }
        log.warning(
          "Warning: Could not create server TCP listening socket \(name):\(configuration[.port]): \(error.call): \(error.reason)"
        )
        for listener in listeners { listener.close() }
        throw error
      }
    }
    return listeners
  }

  /// Hands listeners to the first worker, which accepts for all.
  func startAccepting(_ opened: [Listener]) {
    let acceptor = workers[0]
    let ids = listeners.add(opened)
    Task(executorPreference: acceptor.loop) {
      for id in ids { self.accept(on: id, acceptor) }
    }
  }

  private func accept(on id: UInt64, _ worker: Worker) {
    guard let listener = listeners[id] else { return }
    worker.loop.ring.acceptMultishot(listener.descriptor, data: Worker.data(.accept, id))
  }

  /// Gives an accepted descriptor to the next worker in turn.
  func accepted(_ completion: Completion, listener: UInt64, worker: Worker) {
    if completion.result < 0, listeners[listener] == nil { return }
    if !completion.hasMore { accept(on: listener, worker) }
    guard completion.result >= 0 else {
      if completion.result != -ECANCELED {
        log.warning(
          "Accepting client connection: \(SystemError("accept", -completion.result).reason)")
      }
      return
    }
    let descriptor = completion.result
    let turn = nextWorker.add(1, ordering: .relaxed).oldValue
    let chosen = workers[turn % workers.count]
    if chosen === worker {
      chosen.adopt(descriptor)
    } else {
      Task(executorPreference: chosen.loop) { chosen.adopt(descriptor) }
    }
  }

  /// Listens on the port and the addresses of `updated` in place of those of `current`; on failure everything is as it
  /// was, and the log says why.
  func listenAnew(on updated: Configuration, insteadOf current: Configuration) throws(SystemError) {
    if updated.bindAddresses == current.bindAddresses, updated[.port] != 0 {
      // On another port both can be open at the same time.
      let opened = try openTCP(updated)
      listeners.closeTCP()
      return startAccepting(opened)
    }
    listeners.closeTCP()
    do throws(SystemError) {
      startAccepting(try openTCP(updated))
    } catch {
      if let before = try? openTCP(current) { startAccepting(before) }
      throw error
    }
  }
}
