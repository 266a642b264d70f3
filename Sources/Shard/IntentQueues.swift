/// The queues of a shard's claimed keys, each in the order of transaction ids.
///
/// Open addressing over the keys' hashes, which are mixed already, and lists of pooled nodes: a claim on a key that
/// nobody else wants costs two lines of memory and no allocation. Who inserts a part keeps it until it is removed.
@safe
struct IntentQueues: ~Copyable {
  @safe struct Intent {
    fileprivate let holder: Unmanaged<TransactionPart>
    let isExclusive: Bool
    fileprivate(set) var isGranted: Bool
    fileprivate var next: Int32

    var part: TransactionPart { unsafe holder.takeUnretainedValue() }

    /// Whether only one of them may have the key. A part never stands in its own way.
    func excludes(_ other: Intent) -> Bool {
      (isExclusive || other.isExclusive) && part !== other.part
    }
  }

  private struct Slot {
    var hash: UInt64
    /// The first node of the queue; `none` where the slot is free.
    var head: Int32
  }

  private static let none: Int32 = -1

  private var slots: UnsafeMutableBufferPointer<Slot>
  private var queueCount = 0
  private var nodes: UnsafeMutableBufferPointer<Intent>
  private var firstFreeNode = none
  private var usedNodes = 0

  init() {
    unsafe slots = Self.makeSlots(64)
    unsafe nodes = .allocate(capacity: 64)
  }

  deinit {
    unsafe slots.deallocate()
    unsafe nodes.deallocate()
  }

  private static func makeSlots(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    unsafe slots.initialize(repeating: Slot(hash: 0, head: none))
    return unsafe slots
  }

  var isEmpty: Bool { queueCount == 0 }

  /// Where the queue of `hash` is, or belongs.
  private func slot(of hash: UInt64) -> Int {
    var slot = unsafe Int(truncatingIfNeeded: hash) & (slots.count &- 1)
    while unsafe slots[slot].head != Self.none, unsafe slots[slot].hash != hash {
      slot = unsafe (slot &+ 1) & (slots.count &- 1)
    }
    return slot
  }

  /// Whether `holds` is true of every intent for a key, from the first in line.
  func allSatisfy(_ hash: UInt64, _ holds: (Intent) -> Bool) -> Bool {
    var node = unsafe slots[slot(of: hash)].head
    while node != Self.none {
      let intent = unsafe nodes[Int(node)]
      if !holds(intent) { return false }
      node = intent.next
    }
    return true
  }

  // MARK: Changing

  /// Puts a part into line, behind those with smaller ids, and counts with the part if it has to wait.
  mutating func insert(_ part: TransactionPart, isExclusive: Bool, _ hash: UInt64) {
    if unsafe (queueCount &+ 1) * 2 > slots.count { grow() }
    let slot = slot(of: hash)
    var intent = unsafe Intent(
      holder: .passUnretained(part), isExclusive: isExclusive, isGranted: true, next: Self.none)
    var previous = Self.none
    var node = unsafe slots[slot].head
    while node != Self.none {
      let front = unsafe nodes[Int(node)]
      if front.part.id > part.id { break }
      if intent.excludes(front) { intent.isGranted = false }
      previous = node
      node = front.next
    }
    if !intent.isGranted { part.ungrantedCount += 1 }
    intent.next = node
    let new = makeNode(intent)
    if previous != Self.none {
      unsafe nodes[Int(previous)].next = new
    } else {
      if node == Self.none { queueCount += 1 }
      unsafe slots[slot] = Slot(hash: hash, head: new)
    }
  }

  /// Takes a part out of a key's line. Those behind it that nothing is in the way of any more, on no key, are appended
  /// to `freed`.
  mutating func remove(_ part: TransactionPart, _ hash: UInt64, freed: inout [TransactionPart]) {
    let slot = slot(of: hash)
    var previous = Self.none
    var node = unsafe slots[slot].head
    // It claims the key twice and has gone already.
    if node == Self.none { return }
    while node != Self.none {
      let intent = unsafe nodes[Int(node)]
      if intent.part === part {
        if previous == Self.none {
          unsafe slots[slot].head = intent.next
        } else {
          unsafe nodes[Int(previous)].next = intent.next
        }
        freeNode(node)
      } else {
        previous = node
      }
      node = intent.next
    }
    let head = unsafe slots[slot].head
    if head == Self.none { closeGap(at: slot) } else { grant(from: head, freed: &freed) }
  }

  /// Grants what nothing in front excludes, up to the first that has to wait on.
  private mutating func grant(from head: Int32, freed: inout [TransactionPart]) {
    let first = unsafe nodes[Int(head)]
    var hasExclusive = false
    var isOfOnePart = true
    var node = head
    while node != Self.none {
      let intent = unsafe nodes[Int(node)]
      isOfOnePart = isOfOnePart && intent.part === first.part
      if !isOfOnePart, hasExclusive || intent.isExclusive { return }
      hasExclusive = hasExclusive || intent.isExclusive
      if !intent.isGranted {
        unsafe nodes[Int(node)].isGranted = true
        intent.part.ungrantedCount -= 1
        if intent.part.ungrantedCount == 0 { freed.append(intent.part) }
      }
      node = intent.next
    }
  }

  // MARK: Memory

  private mutating func makeNode(_ intent: Intent) -> Int32 {
    if firstFreeNode != Self.none {
      let node = firstFreeNode
      firstFreeNode = unsafe nodes[Int(node)].next
      unsafe nodes[Int(node)] = intent
      return node
    }
    if unsafe usedNodes == nodes.count {
      let grown = unsafe UnsafeMutableBufferPointer<Intent>.allocate(capacity: nodes.count * 2)
      unsafe _ = grown.moveInitialize(fromContentsOf: nodes)
      unsafe nodes.deallocate()
      unsafe nodes = grown
    }
    unsafe nodes.initializeElement(at: usedNodes, to: intent)
    usedNodes += 1
    return Int32(usedNodes - 1)
  }

  private mutating func freeNode(_ node: Int32) {
    unsafe nodes[Int(node)].next = firstFreeNode
    firstFreeNode = node
  }

  private mutating func grow() {
    let old = unsafe slots
    unsafe slots = Self.makeSlots(old.count * 2)
    for unsafe queue in unsafe old where queue.head != Self.none {
      let slot = slot(of: queue.hash)
      unsafe slots[slot] = queue
    }
    unsafe old.deallocate()
  }

  /// Removes a queue from its slot and moves those up that were pushed on by it.
  private mutating func closeGap(at slot: Int) {
    queueCount -= 1
    let mask = unsafe slots.count &- 1
    var gap = slot
    var next = (slot &+ 1) & mask
    while unsafe slots[next].head != Self.none {
      let wanted = unsafe Int(truncatingIfNeeded: slots[next].hash) & mask
      if (next &- wanted) & mask >= (next &- gap) & mask {
        unsafe slots[gap] = slots[next]
        unsafe slots[next].head = Self.none
        gap = next
      }
      next = (next &+ 1) & mask
    }
  }

  #if DEBUG || INTERNAL_CHECKS
    func checkInvariants() {
      var queues = 0
      for slot in unsafe 0..<slots.count where unsafe slots[slot].head != Self.none {
        queues += 1
        precondition(unsafe self.slot(of: slots[slot].hash) == slot, "a queue that is not found")
        var front: [Intent] = []
        _ = unsafe allSatisfy(slots[slot].hash) { intent in
          precondition((front.last?.part.id ?? 0) <= intent.part.id, "a queue out of order")
          let isFree = front.allSatisfy { !intent.excludes($0) }
          precondition(isFree == intent.isGranted, "a claim granted too early, or not at all")
          front.append(intent)
          return true
        }
      }
      precondition(queues == queueCount, "a queue was lost")
    }
  #endif
}
