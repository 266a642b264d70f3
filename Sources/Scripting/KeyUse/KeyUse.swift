import RESP

/// A look at a script's text for which keys it names.
///
/// A script of which it is sure holds nothing but its declared keys while it runs. It is sure where each command's name
/// is written down, and everything that the command takes for a key is an element of `KEYS`, wherever it has passed
/// through: variables, loops over `KEYS`, parameters of local functions. It follows values, not time: a variable counts as a key if
/// all it is ever set to are keys. `KEYS`, `redis` and `redis.call` themselves may go only where it can follow them. Global
/// names can't be given another meaning (the sandbox protects them), so they always are what they are called.
struct KeyUse {
  /// What is known of a value.
  enum Kind: Equatable {
    /// It is never there.
    case unset
    /// nil or false.
    case nothing
    /// A declared key, or nothing.
    case key
    case text(String)
    case number(Int)
    /// `KEYS`, `redis`, and `redis.call` or `redis.pcall`: these may not get lost.
    case keys, redis, call
    /// One of those, or something else.
    case lost
    case other

    var mayGoAnywhere: Bool {
      switch self {
      case .keys, .redis, .call, .lost: false
      default: true
      }
    }

    var isKey: Bool {
      switch self {
      case .unset, .nothing, .key: true
      default: false
      }
    }

    func or(_ other: Kind) -> Kind {
      if self == other || other == .unset { return self }
      if self == .unset { return other }
      if self == .nothing { return other }
      if other == .nothing { return self }
      return mayGoAnywhere && other.mayGoAnywhere ? .other : .lost
    }
  }

  /// Longer texts are not looked at.
  static let byteCountMax = 64 * 1024
  /// What all parameters together may get.
  private static let sourcesMax = 20_000

  /// Whether a script names only declared keys. When in doubt: false.
  static func isDeclaredOnly(_ text: ByteView) -> Bool { isDeclaredOnly(text, isLibrary: false) }

  /// Whether all functions of a library do.
  static func isDeclaredOnly(library text: ByteView) -> Bool { isDeclaredOnly(text, isLibrary: true) }

  private static func isDeclaredOnly(_ text: ByteView, isLibrary: Bool) -> Bool {
    guard text.count <= byteCountMax, let tokens = LuaLexer.tokens(of: text),
      let program = LuaParser.program(tokens)
    else { return false }
    return KeyUse(program: program, isLibrary: isLibrary).isDeclaredOnly
  }

  let program: LuaProgram
  let isLibrary: Bool

  private var isDeclaredOnly: Bool {
    noteRegistrations()
    guard noteCalls(), findKinds() else { return false }
    guard program.variables.allSatisfy({ $0.kind != .lost && (!isLibrary || isOfOneCall($0)) }) else {
      return false
    }
    return program.uses.allSatisfy { isFine($0.expression, $0.use) }
  }

  /// What a library's functions find outside of themselves would outlive their call.
  private func isOfOneCall(_ variable: LuaVariable) -> Bool {
    variable.depth > 0 || !variable.isCaptured || variable.isConstant || variable.knownFunction != nil
  }

  // MARK: Variables

  private func noteRegistrations() {
    guard isLibrary else { return }
    let callbacks = program.uses.compactMap { callback($0.expression) }
    for case .local(let variable) in callbacks.map(\.form) { variable.callCount += 1 }
    for callback in callbacks { registered(callback)?.isRegistered = true }
  }

  /// The function that a library registers so. Only functions of the library itself: those made by others could keep
  /// what those have.
  private func registered(_ callback: LuaExpression) -> LuaFunction? {
    let function: LuaFunction? = switch callback.form {
    case .function(let function): function
    case .local(let variable): variable.knownFunction
    default: nil
    }
    return function?.depth == 0 ? function : nil
  }

  func isRegistration(_ call: LuaExpression) -> Bool {
    guard isLibrary, let callback = callback(call) else { return false }
    return registered(callback)?.isRegistered ?? false
  }

  /// What is registered, if this is `redis.register_function(...)`.
  private func callback(_ expression: LuaExpression) -> LuaExpression? {
    guard case .call(let callee, let arguments) = expression.form,
      case .field(let base, let field) = callee.form, base.isGlobal("redis") || base.isGlobal("server"),
      case .string("register_function") = field.form
    else { return nil }
    if arguments.count == 2 { return arguments[1] }
    guard arguments.count == 1, case .table(let fields) = arguments[0].form else { return nil }
    var found: LuaExpression?
    for field in fields {
      guard case .string(let name?) = field.key?.form else { return nil }
      guard name.lowercased() == "callback" else { continue }
      if found != nil { return nil }
      found = field.value
    }
    return found
  }

  /// Notes what parameters get; false if that is too much.
  private func noteCalls() -> Bool {
    var sourceCount = 0
    var known: [ObjectIdentifier: LuaVariable] = [:]
    for variable in program.variables {
      if let function = variable.knownFunction { known[ObjectIdentifier(function)] = variable }
    }
    for function in program.functions {
      let variable = known[ObjectIdentifier(function)]
      sourceCount += function.parameters.count * (1 + (variable?.calls.count ?? 0))
      guard sourceCount <= Self.sourcesMax else { return false }
      for (position, parameter) in function.parameters.enumerated() {
        if function.isRegistered { parameter.sources.append(position == 0 ? .keys : .unknown) }
        if let variable {
          for call in variable.calls { parameter.sources.append(LuaParser.source(position, call)) }
        } else if !function.isRegistered {
          parameter.sources.append(.unknown)
        }
      }
    }
    return true
  }

  /// Follows values from variable to variable until nothing new turns up; false if that takes too long.
  private func findKinds() -> Bool {
    for _ in 0..<20 {
      var hasChanged = false
      for variable in program.variables {
        let kind = variable.sources.reduce(variable.kind) { $0.or(self.kind($1)) }
        if kind != variable.kind {
          variable.kind = kind
          hasChanged = true
        }
      }
      if !hasChanged { return true }
    }
    return false
  }

  private func kind(_ source: LuaVariable.Source) -> Kind {
    switch source {
    case .nothing: .nothing
    case .keys: .keys
    case .unknown: .other
    case .expression(let expression): kind(expression)
    case .iterated(let iterator, let position):
      position == 1 ? listIterated(by: iterator).map(kindOfElements) ?? .other : .other
    }
  }

  // MARK: Values

  func kind(_ expression: LuaExpression) -> Kind {
    switch expression.form {
    case .nothing: return .nothing
    case .string(let text): return text.map { .text($0) } ?? .other
    case .number(let number): return number.map { .number($0) } ?? .other
    case .global("KEYS"): return isLibrary ? .lost : .keys
    case .global("redis"), .global("server"): return .redis
    case .local(let variable): return variable.kind
    case .parenthesized(let part): return kind(part)
    case .and(_, let right): return Kind.nothing.or(kind(right))
    case .or(let left, let right): return kind(left).or(kind(right))
    case .field(let base, let name):
      switch kind(base) {
      case .keys: return .key
      case .redis:
        if case .string("call") = name.form { return .call }
        if case .string("pcall") = name.form { return .call }
        return .other
      case .unset: return .unset
      default: return .other
      }
    case .call(let callee, let arguments):
      guard let list = arguments.first, callee.globalPath == "unpack" else { return .other }
      return kindOfElements(list)
    default: return .other
    }
  }

  private func kindOfElements(_ list: LuaExpression) -> Kind {
    switch kind(list) {
    case .keys: .key
    case .unset: .unset
    default: .other
    }
  }

  /// `KEYS`, of `ipairs(KEYS)`.
  func listIterated(by iterator: LuaExpression) -> LuaExpression? {
    guard case .call(let callee, let arguments) = iterator.form, arguments.count == 1,
      let path = callee.globalPath, path == "ipairs" || path == "pairs"
    else { return nil }
    return arguments[0]
  }
}
