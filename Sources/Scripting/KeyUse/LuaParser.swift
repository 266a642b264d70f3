/// Reads a program: which variable each name means, and what becomes of each value.
///
/// It takes what the interpreter takes or less; what it does not understand it refuses. A program that the
/// interpreter refuses may pass: it never runs.
struct LuaParser {
  struct Refusal: Error {}

  private let tokens: [LuaToken]
  private var index = 0
  private var scopes: [[String: LuaVariable]] = [[:]]
  /// How many functions are around.
  private(set) var functionDepth = 0
  private var nesting = 0
  private var program = LuaProgram()

  /// Of statements and of expressions.
  static let nestingMax = 100

  private init(_ tokens: [LuaToken]) { self.tokens = tokens }

  static func program(_ tokens: [LuaToken]) -> LuaProgram? {
    var parser = LuaParser(tokens)
    do throws(Refusal) {
      try parser.block()
      guard parser.token == .end else { return nil }
      return parser.program
    } catch { return nil }
  }

  // MARK: Words

  var token: LuaToken { tokens[index] }

  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  func isAt(_ symbol: String) -> Bool { token == .symbol(symbol) }
  func isAt(keyword: String) -> Bool { token == .keyword(keyword) }
  func isFollowed(by symbol: String) -> Bool {
    index + 1 < tokens.count && tokens[index + 1] == .symbol(symbol)
  }

  mutating func take(_ symbol: String) -> Bool {
    guard isAt(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(keyword: String) -> Bool {
    guard isAt(keyword: keyword) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String) throws(Refusal) {
    guard take(symbol) else { throw Refusal() }
  }

  mutating func expect(keyword: String) throws(Refusal) {
    guard take(keyword: keyword) else { throw Refusal() }
  }

  mutating func takeName() throws(Refusal) -> String {
    guard case .name(let name) = token else { throw Refusal() }
    advance()
    return name
  }

  // MARK: Variables

  private mutating func declare(_ name: String, _ sources: LuaVariable.Source...) -> LuaVariable {
    let variable = LuaVariable(depth: functionDepth)
    variable.sources = sources
    program.variables.append(variable)
    scopes[scopes.count - 1][name] = variable
    return variable
  }

  /// The innermost local variable of this name.
  func variable(_ name: String) -> LuaVariable? {
    for scope in scopes.reversed() {
      if let variable = scope[name] {
        if variable.depth < functionDepth { variable.isCaptured = true }
        return variable
      }
    }
    return nil
  }

  mutating func use(_ expression: LuaExpression, _ use: LuaProgram.Use) {
    program.uses.append((expression, use))
  }

  mutating func inside<Result>(
    _ body: (inout LuaParser) throws(Refusal) -> Result
  ) throws(Refusal) -> Result {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Self.nestingMax else { throw Refusal() }
    return try body(&self)
  }

  private mutating func inScope(
    _ body: (inout LuaParser) throws(Refusal) -> Void
  ) throws(Refusal) {
    scopes.append([:])
    try inside(body)
    scopes.removeLast()
  }

  // MARK: Statements

  private mutating func block() throws(Refusal) {
    while true {
      switch token {
      case .end, .keyword("end"), .keyword("else"), .keyword("elseif"), .keyword("until"): return
      case .keyword("return"): return try returnStatement()
      default: try statement()
      }
    }
  }

  private mutating func scopedBlock() throws(Refusal) {
    try inScope { (parser) throws(Refusal) in try parser.block() }
  }

  private mutating func returnStatement() throws(Refusal) {
    advance()
    let isEmpty = switch token {
    case .end, .symbol(";"), .keyword("end"), .keyword("else"), .keyword("elseif"), .keyword("until"): true
    default: false
    }
    if !isEmpty {
      for value in try expressions() { use(value, .returned(depth: functionDepth)) }
    }
    _ = take(";")
  }

  private mutating func statement() throws(Refusal) {
    guard case .keyword(let keyword) = token else {
      if take(";") { return }
      return try expressionStatement()
    }
    advance()
    switch keyword {
    case "break": return
    case "do": try scopedBlock()
    case "while":
      use(try expression(), .value)
      try expect(keyword: "do")
      try scopedBlock()
    case "repeat":
      // Its condition sees its variables.
      return try inScope { (parser) throws(Refusal) in
        try parser.block()
        try parser.expect(keyword: "until")
        parser.use(try parser.expression(), .value)
      }
    case "if": try ifStatement()
    case "for": try forStatement()
    case "function": try functionStatement()
    case "local":
      return take(keyword: "function") ? try localFunction() : try localStatement()
    default: throw Refusal()
    }
    try expect(keyword: "end")
  }

  private mutating func ifStatement() throws(Refusal) {
    repeat {
      use(try expression(), .value)
      try expect(keyword: "then")
      try scopedBlock()
    } while take(keyword: "elseif")
    if take(keyword: "else") { try scopedBlock() }
  }

  private mutating func forStatement() throws(Refusal) {
    var names = [try takeName()]
    while take(",") { names.append(try takeName()) }
    var iterator: LuaExpression?
    if names.count == 1, take("=") {
      for bound in try expressions() { use(bound, .value) }
    } else {
      try expect(keyword: "in")
      let values = try expressions()
      for value in values { use(value, values.count == 1 ? .iterated : .value) }
      if values.count == 1 { iterator = values[0] }
    }
    try expect(keyword: "do")
    try inScope { (parser) throws(Refusal) in
      for (position, name) in names.enumerated() {
        _ = parser.declare(
          name, iterator.map { .iterated($0, position: position) } ?? .unknown)
      }
      try parser.block()
    }
  }

  /// `function a.b.c:d() ... end` puts a function into a table. One that would be global is an error when it runs.
  private mutating func functionStatement() throws(Refusal) {
    let name = try takeName()
    if let variable = variable(name), isAt("(") {
      variable.sources.append(.expression(try function(hasSelf: false)))
      return
    }
    guard isAt(".") || isAt(":") else { throw Refusal() }
    var table = reference(name)
    while take("."), table.height <= Self.nestingMax {
      let field = try takeName()
      if isAt(".") || isAt(":") { table = LuaExpression(.field(table, LuaExpression(.string(field)))) }
    }
    let hasSelf = take(":")
    if hasSelf { _ = try takeName() }
    use(table, .value)
    use(try function(hasSelf: hasSelf), .value)
  }

  private mutating func localFunction() throws(Refusal) {
    let variable = declare(try takeName())
    variable.sources.append(.expression(try function(hasSelf: false)))
    try expect(keyword: "end")
  }

  private mutating func localStatement() throws(Refusal) {
    var names = [try takeName()]
    while take(",") { names.append(try takeName()) }
    let values = take("=") ? try expressions() : []
    for value in values { use(value, .assigned) }
    for (position, name) in names.enumerated() {
      _ = declare(name, Self.source(position, values))
    }
    for value in values.dropFirst(names.count) { use(value, .value) }
  }

  /// What the target at `position` gets.
  static func source(_ position: Int, _ values: [LuaExpression]) -> LuaVariable.Source {
    if position < values.count { return .expression(values[position]) }
    guard let last = values.last, last.isMultiple else { return .nothing }
    return .expression(last)
  }

  private mutating func expressionStatement() throws(Refusal) {
    let first = try suffixedExpression()
    if case .call = first.form { return use(first, .value) }
    if case .methodCall = first.form, !isAt("="), !isAt(",") { return use(first, .value) }
    var targets = [first]
    while take(",") { targets.append(try suffixedExpression()) }
    try expect("=")
    let values = try expressions()
    for value in values { use(value, .assigned) }
    for (position, target) in targets.enumerated() {
      switch target.form {
      case .local(let variable):
        // It was counted as a use of the value.
        variable.useCount -= 1
        variable.sources.append(Self.source(position, values))
      case .field(let table, let name):
        use(table, .value)
        use(name, .value)
        use(values[min(position, values.count - 1)], .value)
      default: throw Refusal()
      }
    }
    for value in values.dropFirst(targets.count) { use(value, .value) }
  }

  // MARK: Functions

  /// From its parameters up to its `end`, which is left.
  mutating func function(hasSelf: Bool) throws(Refusal) -> LuaExpression {
    functionDepth += 1
    var parameters: [LuaVariable] = []
    try inScope { (parser) throws(Refusal) in
      if hasSelf { parameters.append(parser.declare("self")) }
      try parser.expect("(")
      if !parser.isAt(")") {
        repeat {
          if parser.take("...") { break }
          parameters.append(parser.declare(try parser.takeName()))
        } while parser.take(",")
      }
      try parser.expect(")")
      try parser.block()
    }
    functionDepth -= 1
    let function = LuaFunction(parameters, depth: functionDepth)
    program.functions.append(function)
    return LuaExpression(.function(function))
  }
}
