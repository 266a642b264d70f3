/// A worker's connections by slot; freed slots are used again under a new generation.
struct ConnectionTable {
  private var slots: [Connection?] = []
  private var generations: [UInt32] = []
  private var free: [Int] = []

  var count: Int { slots.count - free.count }

  /// The handle that the next connection will have.
  mutating func nextHandle() -> ConnectionHandle {
    if free.isEmpty {
      slots.append(nil)
      generations.append(0)
      free.append(slots.count - 1)
    }
    let slot = free[free.count - 1]
    return ConnectionHandle(slot: slot, generation: generations[slot])
  }

  mutating func insert(_ connection: Connection) {
    let slot = free.removeLast()
    precondition(slot == connection.handle.slot, "a connection with somebody else's handle")
    slots[slot] = connection
  }

  mutating func remove(_ connection: Connection) {
    let slot = connection.handle.slot
    precondition(slots[slot] === connection, "removing a connection that is not there")
    slots[slot] = nil
    generations[slot] &+= 1
    free.append(slot)
  }

  /// nil if that connection is gone.
  subscript(handle: ConnectionHandle) -> Connection? {
    guard handle.slot < slots.count, let connection = slots[handle.slot],
      connection.handle == handle
    else { return nil }
    return connection
  }

  /// All connections, in the order of their slots.
  var all: [Connection] { slots.compactMap { $0 } }
}
