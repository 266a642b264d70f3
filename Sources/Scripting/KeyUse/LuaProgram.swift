/// An expression of a program, as far as it matters for keys.
final class LuaExpression {
  indirect enum Form {
    /// `nil`, `false`.
    case nothing
    case string(String?)
    case number(Int?)
    /// Anything that is always the same, and neither text nor an integer.
    case constant
    case varargs
    case global(String)
    case local(LuaVariable)
    /// `a.b`, `a[b]`.
    case field(LuaExpression, LuaExpression)
    case call(LuaExpression, [LuaExpression])
    /// `a:name(...)`
    case methodCall(LuaExpression, [LuaExpression])
    case function(LuaFunction)
    case table([(key: LuaExpression?, value: LuaExpression)])
    case length(LuaExpression)
    case and(LuaExpression, LuaExpression)
    case or(LuaExpression, LuaExpression)
    /// Whatever else computes a value from values.
    case operation([LuaExpression])
    case parenthesized(LuaExpression)
  }

  let form: Form
  /// How deep it nests.
  let height: Int

  init(_ form: Form) {
    self.form = form
    height = 1 + Self.parts(of: form).reduce(0) { max($0, $1.height) }
  }

  /// What it is made of; of a function nothing.
  var parts: [LuaExpression] { Self.parts(of: form) }

  private static func parts(of form: Form) -> [LuaExpression] {
    switch form {
    case .nothing, .string, .number, .constant, .varargs, .global, .local, .function: []
    case .field(let base, let name): [base, name]
    case .call(let base, let arguments), .methodCall(let base, let arguments): [base] + arguments
    case .table(let fields): fields.flatMap { [$0.key, $0.value].compactMap(\.self) }
    case .length(let part), .parenthesized(let part): [part]
    case .and(let left, let right), .or(let left, let right): [left, right]
    case .operation(let operands): operands
    }
  }

  /// Whether it may stand for any number of values.
  var isMultiple: Bool {
    switch form {
    case .call, .methodCall, .varargs: true
    default: false
    }
  }

  func isGlobal(_ name: String) -> Bool {
    if case .global(name) = form { true } else { false }
  }

  /// `unpack`, `table.concat`: the global it stands for, also by way of a local that is nothing else.
  var globalPath: String? { globalPath(hopsMax: 4) }

  private func globalPath(hopsMax: Int) -> String? {
    guard hopsMax > 0 else { return nil }
    switch form {
    case .global(let name): return name
    case .field(let base, let name):
      guard case .string(let name?) = name.form, let base = base.globalPath(hopsMax: hopsMax - 1) else {
        return nil
      }
      return base + "." + name
    case .local(let variable):
      guard variable.sources.count == 1, case .expression(let value) = variable.sources[0] else { return nil }
      return value.globalPath(hopsMax: hopsMax - 1)
    // `unpack or table.unpack`: the first is there.
    case .or(let first, _): return first.isGlobal("unpack") ? "unpack" : nil
    default: return nil
    }
  }

  /// The same in every run, and nothing that anybody could change.
  var isConstant: Bool {
    switch form {
    case .nothing, .string, .number, .constant, .global: true
    case .field(let base, let name): base.isConstant && name.isConstant
    case .parenthesized(let part): part.isConstant
    case .operation(let operands): operands.allSatisfy(\.isConstant)
    default: false
    }
  }
}

/// A local variable or a parameter.
final class LuaVariable {
  /// Where a value of it comes from.
  enum Source {
    case nothing
    /// A value of this expression, the first one or a later one.
    case expression(LuaExpression)
    /// What a `for` takes from this iterator; `position` 0 for its first variable.
    case iterated(LuaExpression, position: Int)
    /// The declared keys, as the first parameter of a library's function.
    case keys
    case unknown
  }

  /// In how many functions it is.
  let depth: Int
  /// Everything it is ever set to.
  var sources: [Source] = []
  /// How often its value is used, and how often of these it is called at once, or registered.
  var useCount = 0
  var callCount = 0
  var calls: [[LuaExpression]] = []
  /// Used by a function inside the one it belongs to.
  var isCaptured = false
  var kind = KeyUse.Kind.unset

  init(depth: Int) { self.depth = depth }

  /// The function that it always is, and all of whose calls are known.
  var knownFunction: LuaFunction? {
    guard sources.count == 1, useCount == callCount, case .expression(let value) = sources[0],
      case .function(let function) = value.form
    else { return nil }
    return function
  }

  var isConstant: Bool {
    guard sources.count == 1 else { return false }
    switch sources[0] {
    case .nothing: return true
    case .expression(let value): return value.isConstant
    default: return false
    }
  }
}

final class LuaFunction {
  let parameters: [LuaVariable]
  /// In how many functions it is.
  let depth: Int
  /// A library registers it, so it is called with the keys.
  var isRegistered = false

  init(_ parameters: [LuaVariable], depth: Int) {
    self.parameters = parameters
    self.depth = depth
  }
}

/// What a program does with its expressions; not in which order.
struct LuaProgram {
  enum Use {
    /// Its value is used as it is anywhere: it may end up wherever values can.
    case value
    /// It becomes the value of a variable, which knows it as a source.
    case assigned
    /// A `for` goes through it.
    case iterated
    /// It is what a function returns; `depth` 0 for the program itself.
    case returned(depth: Int)
  }

  var uses: [(expression: LuaExpression, use: Use)] = []
  var variables: [LuaVariable] = []
  var functions: [LuaFunction] = []
}
