import CScript
package import RESP

/// One run at a time may be watched. It stops before lines, and then its variables can be looked at.
extension Interpreter {
  package enum StopReason {
    /// The next line.
    case step
    case breakpoint
    /// The script has called `redis.breakpoint`.
    case call
  }

  /// How many lines a run can be told to stop at.
  package static let breakpointsMax = 64

  /// Says where a run is to stop from here on.
  ///
  /// - Parameters:
  ///   - run: nil for the next one that begins.
  ///   - mayStopHere: also at the line where it has stopped last, should it come to that again before any other.
  package func watch(_ run: Run?, stopsAtNextLine: Bool, mayStopHere: Bool, breakpoints: [Int32]) {
    unsafe breakpoints.withUnsafeBufferPointer { lines in
      unsafe cscript_watch(
        state, run?.pointer, stopsAtNextLine, mayStopHere, lines.baseAddress, lines.count)
    }
  }

  /// No run stops any more.
  package func stopWatching() { unsafe cscript_unwatch(state) }

  package var lineOfStop: Int { unsafe Int(cscript_stop_line(state)) }

  package var reasonOfStop: StopReason {
    switch unsafe cscript_reason_of_stop(state) {
    case STOP_BREAKPOINT: .breakpoint
    case STOP_CALL: .call
    default: .step
    }
  }

  /// The value of a variable of the run that has stopped, as a line of text.
  package func variable(_ name: ByteView) -> [UInt8] {
    let text = name.bytes.filter { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
    return unsafe ByteView(cscript_variable(state, text)).bytes
  }

  /// All variables of the function that has stopped, each on a line of its own.
  package var variables: [UInt8] { unsafe ByteView(cscript_variables(state)).bytes }

  /// Who has called whom, the innermost first: a name, and on the next line the number of the line it stands at.
  package var calls: [UInt8] { unsafe ByteView(cscript_calls(state)).bytes }

  /// Evaluates an expression, or runs statements, with the globals of a run that has stopped.
  package func evaluate(_ text: ByteView, in stopped: Run) -> State {
    var run: OpaquePointer?
    let outcome = unsafe cscript_evaluate(state, stopped.pointer, cscript_word(text), false, nil, 0, &run)
    return unsafe state(outcome, run)
  }

  /// Has a run that has stopped call a command.
  package func evaluate(call words: Arguments, in stopped: Run) -> State {
    var run: OpaquePointer?
    let none = unsafe cscript_word(ByteView.empty)
    let outcome = unsafe words.withWords { words, count in
      unsafe cscript_evaluate(state, stopped.pointer, none, true, words, count, &run)
    }
    return unsafe state(outcome, run)
  }

  /// What was just evaluated, as text.
  package var describedResult: [UInt8] { unsafe ByteView(cscript_described_result(state)).bytes }
}
