import CScript
package import RESP

/// What scripts ask of whoever runs them.
package protocol ScriptHost: AnyObject {
  /// `redis.call`. The reply, or the text of the refusal, goes to `reply`, which is empty and has the version of the
  /// protocol that the script has chosen.
  func call(_ words: Arguments, _ reply: inout ReplyWriter) -> ScriptCallOutcome
  /// `redis.log`.
  func log(level: Int, _ message: ByteView)
  /// `redis.debug`, called by a script that is watched.
  func showToDebugger(_ text: ByteView)
  /// `redis.acl_check_cmd`: nil if there is no such command.
  func mayCall(_ words: Arguments) -> Bool?
}

package enum ScriptCallOutcome {
  /// The reply is written.
  case replied
  /// The script may not do this; the reason is written as plain text.
  case refused
  /// The reply comes with `Interpreter.resume`.
  case waits
  /// The run never goes on.
  case ends
}

/// One thread's interpreter of scripts.
///
/// A script runs as a coroutine: until its end, or until a call has to wait for its reply, or its slice is over.
@safe package final class Interpreter {
  /// What a script can't use up: the heap of one interpreter.
  package static let heapBytesMax = 1 << 30
  /// How long a script goes on before others get their turn.
  package static let sliceNanoseconds: UInt64 = 2_000_000
  /// How long a library may take to register its functions.
  static let loadNanosecondsMax: UInt64 = 500_000_000

  private var script: OpaquePointer?
  /// Owns this interpreter.
  unowned(unsafe) let host: any ScriptHost
  @exclusivity(unchecked)
  private var reply = ReplyWriter()
  private var registered: [RegisteredFunction] = []
  private var registrationError: [UInt8] = []

  /// A script or function that an interpreter has compiled.
  package struct Reference: Sendable, Hashable { fileprivate let number: Int32 }
  /// A script that is not over.
  @safe package struct Run { let pointer: OpaquePointer }

  package enum State {
    case done
    case failed
    /// A call waits for its reply.
    case waits(Run)
    /// Its slice is over.
    case paused(Run)
    /// A call has ended it.
    case ended
    /// It is watched, and has come to a line that it is to stop at.
    case stopped(Run)
  }

  /// - Parameters:
  ///   - callsMayWait: whether the host ever answers a call with `.waits`.
  ///   - hasDeprecatedFunctions: `setfenv`, `getfenv` and `newproxy` are there.
  ///   - sliceNanoseconds: 0 ends a slice with the first look at the clock.
  package init(
    host: any ScriptHost, version: String, callsMayWait: Bool, hasDeprecatedFunctions: Bool = false,
    sliceNanoseconds: UInt64 = Interpreter.sliceNanoseconds
  ) {
    unsafe self.host = host
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    var callbacks = unsafe cscript_host(
      context: context,
      call: { context, words, count, reply in
        unsafe Unmanaged<Interpreter>.fromOpaque(context.unsafelyUnwrapped)._withUnsafeGuaranteedRef {
          unsafe $0.called(words, count, reply)
        }
      },
      log: { context, level, message in
        unsafe Interpreter.of(context).host.log(level: Int(level), ByteView(message))
      },
      may_call: { context, words, count in
        let answer = unsafe Interpreter.of(context).host.mayCall(Arguments(words, count))
        return answer.map { $0 ? 1 : 0 } ?? -1
      },
      register_function: { context, name, reference, description, flags, count, error in
        unsafe Interpreter.of(context).register(
          ByteView(name), Reference(number: reference), description, flags, count, error)
      },
      debug: { context, text in
        unsafe Interpreter.of(context).host.showToDebugger(ByteView(text))
      },
      describe: { number, text in
        let digits = Array(DecimalText.describe(number).utf8)
        unsafe text.copyMemory(from: digits, byteCount: min(digits.count, 64))
        return min(digits.count, 64)
      })
    let numbers = version.split(separator: ".").map { Int32($0) ?? 0 }
    unsafe version.withCString { version in
      var options = unsafe cscript_options(
        version: version, version_number: numbers.reduce(0) { $0 << 8 | $1 },
        heap_bytes_max: Self.heapBytesMax, slice_nanoseconds: sliceNanoseconds,
        calls_may_wait: callsMayWait, has_deprecated_functions: hasDeprecatedFunctions)
      unsafe script = unsafe cscript_create(&callbacks, &options)
    }
    unsafe precondition(script != nil, "no memory for an interpreter of scripts")
  }

  deinit { if let script = unsafe script { unsafe cscript_destroy(script) } }

  var state: OpaquePointer {
    guard let script = unsafe script else { preconditionFailure("an interpreter without state") }
    return unsafe script
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Interpreter {
    unsafe Unmanaged<Interpreter>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
  }

  /// Bytes of the heap.
  package var heapByteCount: Int { unsafe cscript_heap_bytes(state) }

  package func collectGarbage() { unsafe cscript_collect(state) }

  // MARK: Compiling

  /// - Returns: nil if it does not compile: `error` tells why.
  package func compile(_ text: ByteView) -> Reference? {
    let number = unsafe cscript_compile(state, cscript_word(text))
    return number == 0 ? nil : Reference(number: number)
  }

  package func forget(_ reference: Reference) { unsafe cscript_forget(state, reference.number) }

  /// Runs a library's text for the functions that it registers.
  ///
  /// - Parameter isTimed: ends it when it takes too long.
  package func loadLibrary(
    _ text: ByteView, isTimed: Bool
  ) throws(LibraryError) -> [RegisteredFunction] {
    registered = []
    guard
      unsafe cscript_load_library(state, cscript_word(text), isTimed ? Self.loadNanosecondsMax : 0)
    else {
      for function in registered { forget(function.reference) }
      registered = []
      throw LibraryError(error)
    }
    let functions = registered
    registered = []
    return functions
  }

  private func register(
    _ name: ByteView, _ reference: Reference, _ description: cscript_word,
    _ flags: UnsafePointer<cscript_word>?, _ count: Int, _ error: UnsafeMutablePointer<cscript_word>
  ) {
    var chosen: ScriptFlags = []
    for index in 0..<count {
      guard let flags = unsafe flags, let flag = unsafe ScriptFlags(named: ByteView(flags[index])) else {
        return unsafe refuse("ERR unknown flag given", error)
      }
      chosen.insert(flag)
    }
    guard FunctionLibrary.isName(name) else {
      return unsafe refuse(
        "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
        error)
    }
    let name = name.bytes
    guard !registered.contains(where: { $0.name == name }) else {
      return unsafe refuse("ERR Function already exists in the library", error)
    }
    unsafe registered.append(
      RegisteredFunction(
        name: name, reference: reference,
        description: description.bytes == nil ? nil : ByteView(description).bytes, flags: chosen))
  }

  private func refuse(_ text: StaticString, _ error: UnsafeMutablePointer<cscript_word>) {
    unsafe error.pointee = unsafe cscript_word(ByteView(text))
  }

  // MARK: Running

  /// Begins to run a script, or a function of a library.
  @inline(__always)
  package func begin(
    _ reference: Reference, isFunction: Bool, keys: Arguments, arguments: Arguments
  ) -> State {
    var run: OpaquePointer?
    let state = unsafe keys.withWords { keys, keyCount in
      unsafe arguments.withWords { arguments, argumentCount in
        unsafe cscript_begin(
          self.state, reference.number, isFunction, keys, keyCount, arguments, argumentCount, &run)
      }
    }
    return unsafe self.state(state, run)
  }

  /// Lets a paused run go on.
  package func resume(_ run: Run) -> State {
    let word = unsafe cscript_word(ByteView.empty)
    return unsafe state(cscript_resume(state, run.pointer, CSCRIPT_WAITS, word), run.pointer)
  }

  /// Lets a run go on with the reply that it waits for.
  package func resume(_ run: Run, with reply: ByteView) -> State {
    unsafe state(
      cscript_resume(state, run.pointer, CSCRIPT_REPLIED, cscript_word(reply)), run.pointer)
  }

  /// The run is not to go on.
  package func abandon(_ run: Run) { unsafe cscript_abandon(state, run.pointer) }

  @inline(__always)
  func state(_ state: cscript_state, _ run: OpaquePointer?) -> State {
    switch state {
    case CSCRIPT_DONE: return .done
    case CSCRIPT_ENDED: return .ended
    case CSCRIPT_SUSPENDED:
      if let run = unsafe run { return unsafe .waits(Run(pointer: run)) }
    case CSCRIPT_PAUSED:
      if let run = unsafe run { return unsafe .paused(Run(pointer: run)) }
    case CSCRIPT_STOPPED:
      if let run = unsafe run { return unsafe .stopped(Run(pointer: run)) }
    default: break
    }
    return .failed
  }

  /// 2, or what `redis.setresp` has chosen in the run that goes on.
  package var protocolVersion: Int { unsafe Int(cscript_protocol(state)) }

  /// Writes what the run that was just done has returned.
  package func writeResult(to output: inout ReplyWriter) {
    let result = unsafe ByteView(cscript_result(state, Int32(output.protocolVersion)))
    if result.isEmpty { return output.error("ERR reached lua stack limit") }
    output.raw(result)
  }

  private func called(
    _ words: UnsafePointer<cscript_word>, _ count: Int, _ answer: UnsafeMutablePointer<cscript_word>
  ) -> cscript_outcome {
    unsafe reply.removeAll(retaining: 64 * 1024)
    unsafe reply.protocolVersion = protocolVersion
    let outcome = unsafe host.call(Arguments(words, count), &reply)
    unsafe answer.pointee = unsafe cscript_word(reply.bytes)
    return switch outcome {
    case .replied: CSCRIPT_REPLIED
    case .refused: CSCRIPT_REFUSED
    case .waits: CSCRIPT_WAITS
    case .ends: CSCRIPT_ENDS
    }
  }

  // MARK: Errors

  /// Why the run that was just begun or resumed has failed, or the text did not compile.
  package var error: [UInt8] { unsafe ByteView(cscript_error(state)).bytes }

  /// Where: as `@user_script`, and the line; nil if that is unknown.
  package var errorPlace: (source: [UInt8], line: Int)? {
    let source = unsafe ByteView(cscript_error_source(state)).bytes
    return unsafe source.isEmpty ? nil : (source, Int(cscript_error_line(state)))
  }

  /// It is a text in which the place is missing that others begin with.
  package var errorLacksPlace: Bool { unsafe cscript_error_lacks_place(state) }

  /// The error is that of a command, which has been counted.
  package var isErrorCounted: Bool { unsafe cscript_error_is_counted(state) }
}

/// A function that a library has registered with one interpreter.
package struct RegisteredFunction {
  package let name: [UInt8]
  package let reference: Interpreter.Reference
  package let description: [UInt8]?
  package let flags: ScriptFlags
}

package struct LibraryError: Error {
  package let message: [UInt8]
  package init(_ message: [UInt8]) { self.message = message }
  package init(_ message: String) { self.message = Array(message.utf8) }
}

extension ByteView {
  init(_ word: cscript_word) {
    guard let bytes = unsafe word.bytes, unsafe word.count > 0 else {
      self = .empty
      return
    }
    unsafe self.init(unsafeBase: bytes, count: word.count)
  }
}

extension cscript_word {
  init(_ view: ByteView) { unsafe self.init(bytes: view.unsafeBase, count: view.count) }
}

extension Arguments {
  /// The words of C are laid out as views.
  fileprivate init(_ words: UnsafePointer<cscript_word>, _ count: Int) {
    unsafe self.init(
      unsafeWords: UnsafeRawPointer(words).assumingMemoryBound(to: ByteView.self), count: count)
  }

  func withWords<Result>(
    _ body: (UnsafePointer<cscript_word>, Int) -> Result
  ) -> Result {
    unsafe body(UnsafeRawPointer(unsafeBase).assumingMemoryBound(to: cscript_word.self), count)
  }
}
