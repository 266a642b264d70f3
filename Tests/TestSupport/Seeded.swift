import Engine

/// Random numbers that a printed seed repeats.
package struct SeededGenerator: RandomNumberGenerator {
  private var source: SplitMix64

  package init(seed: UInt64) { source = SplitMix64(state: seed) }

  package mutating func next() -> UInt64 { source.next() }

  package mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: counts, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}

/// Runs `body` with each of `values`; when one fails, says with which.
package func withEvery<Values: Sequence>(
  _ name: String, in values: Values, _ body: (Values.Element) throws -> Void
) throws {
  for value in values {
    do {
      try body(value)
    } catch {
      throw ContextError(context: "\(name) = \(value)", cause: error)
    }
  }
}

/// A failure and what it happened with.
package struct ContextError: Error, CustomStringConvertible {
  let context: String
  let cause: any Error

  package var description: String { "\(context): \(cause)" }
}
