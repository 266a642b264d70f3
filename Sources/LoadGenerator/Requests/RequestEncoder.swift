import Glibc
import RESP

/// Draws the next request and writes it: copies a template and puts digits into it. Allocates nothing.
package struct RequestEncoder {
  private let templates: [RequestTemplate]
  /// For each template, what share of 2³² it and those before it have.
  private let shares: [UInt64]
  private let values: ValueBytes
  private var keys: KeyNumbers
  private var random: RandomNumbers
  private let tagCount: Int
  /// No key number has more digits; the template has zeros for the others.
  private let digits: Int
  private var tag = 0

  /// - Parameter weights: how often each template comes, relative to the others.
  package init(
    templates: [RequestTemplate], weights: [Int], values: ValueBytes, keys: KeyNumbers,
    tags: KeyTags,
    seed: UInt64
  ) {
    precondition(!templates.isEmpty, "a workload without requests")
    precondition(templates.count == weights.count, "each template has a weight")
    self.templates = templates
    self.values = values
    self.keys = keys
    random = RandomNumbers(seed: seed)
    if case .numbered(let count) = tags { tagCount = count } else { tagCount = 0 }
    digits = DecimalText.digitCount(UInt(keys.count - 1))
    let total = UInt64(weights.reduce(0, +))
    var sum: UInt64 = 0
    shares = weights.map { weight in
      sum += UInt64(weight)
      return (sum << 32) / total
    }
  }

  /// The template of the next request.
  @inline(__always)
  package mutating func draw() -> Int {
    guard shares.count > 1 else { return 0 }
    let point = random.next() &>> 32
    var index = 0
    while shares[index] <= point { index &+= 1 }
    return index
  }

  package func replyCount(of template: Int) -> Int { templates[template].replyCount }

  /// Appends a request.
  @inline(__always)
  mutating func encode(_ template: Int, into buffer: inout RequestBuffer) {
    unsafe buffer.append(upTo: templates[template].byteCountMax) { unsafe write(template, to: $0) }
  }

  /// A request's bytes. For tests.
  package mutating func request(_ template: Int) -> [UInt8] {
    var buffer = RequestBuffer(capacity: 0)
    encode(template, into: &buffer)
    let bytes = buffer.bytes.bytes
    buffer.deallocate()
    return bytes
  }

  /// Writes a request to `target`, which has room for `byteCountMax` bytes; returns its length.
  private mutating func write(_ index: Int, to target: UnsafeMutableRawPointer) -> Int {
    tag = -1
    var length = 0
    var size = 0
    for segmentIndex in templates[index].segments.indices {
      let segment = templates[index].segments[segmentIndex]
      let start = unsafe target + length
      let count = segment.end &- segment.start
      unsafe templates[index].literal.withUnsafeBytes {
        _ = unsafe memcpy(start, $0.baseAddress.unsafelyUnwrapped + segment.start, count)
      }
      for patchIndex in segment.firstPatch..<segment.lastPatch {
        let patch = templates[index].patches[patchIndex]
        unsafe write(patch.kind, endingAt: start + (patch.end &- segment.start))
      }
      length &+= count
      switch segment.tail {
      case .nothing: break
      case .header(let fixed):
        size = drawSize()
        length &+= unsafe writeHeader(fixed &+ size, to: target + length)
      case .size:
        size = drawSize()
        length &+= unsafe DecimalText.write(size, to: target + length)
      case .value:
        unsafe values.bytes.withUnsafeBytes {
          if let base = $0.baseAddress { _ = unsafe memcpy(target + length, base, size) }
        }
        length &+= size
      }
    }
    return length
  }

  private mutating func drawSize() -> Int {
    values.sizes.lowerBound + random.next(below: values.sizes.count)
  }

  private func writeHeader(_ count: Int, to target: UnsafeMutableRawPointer) -> Int {
    unsafe target.storeBytes(of: 0x24, as: UInt8.self)
    let digits = unsafe DecimalText.write(count, to: target + 1)
    unsafe target.storeBytes(of: 0x0D, toByteOffset: digits + 1, as: UInt8.self)
    unsafe target.storeBytes(of: 0x0A, toByteOffset: digits + 2, as: UInt8.self)
    return digits + 3
  }

  @inline(__always)
  private mutating func write(
    _ kind: RequestTemplate.Patch.Kind, endingAt end: UnsafeMutableRawPointer
  ) {
    switch kind {
    case .number: unsafe Self.write(nextNumber(), digits, endingAt: end)
    case .anything:
      unsafe Self.write(
        random.next(below: 1_000_000_000_000), RequestTemplate.numberDigits, endingAt: end)
    case .tag:
      // The first key's tag is the request's; its number follows and must fit it.
      if tag < 0 { tag = random.next(below: min(tagCount, keys.count)) }
      unsafe Self.write(tag, RequestTemplate.tagDigits, endingAt: end)
    }
  }

  @inline(__always)
  private mutating func nextNumber() -> Int {
    let number = keys.next(&random)
    guard tag >= 0 else { return number }
    let tagged = number &- number % tagCount &+ tag
    return tagged < keys.count ? tagged : tagged &- tagCount
  }

  /// Writes the lowest `count` digits of `number`.
  @inline(__always)
  private static func write(_ number: Int, _ count: Int, endingAt end: UnsafeMutableRawPointer) {
    var rest = UInt64(truncatingIfNeeded: number)
    var position = unsafe end
    for _ in 0..<count {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      unsafe position -= 1
      unsafe position.storeBytes(of: UInt8(truncatingIfNeeded: digit) &+ 48, as: UInt8.self)
      rest = quotient
    }
  }
}
