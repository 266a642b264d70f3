extension LuaParser {
  mutating func expressions() throws(Refusal) -> [LuaExpression] {
    var values = [try expression()]
    while take(",") { values.append(try expression()) }
    return values
  }

  mutating func expression() throws(Refusal) -> LuaExpression {
    try expression(above: 0)
  }

  /// How tightly operators bind, on the left and on the right.
  private var operatorPriority: (name: String, left: Int, right: Int)? {
    switch token {
    case .keyword("or"): ("or", 1, 1)
    case .keyword("and"): ("and", 2, 2)
    case .symbol(let symbol):
      switch symbol {
      case "<", ">", "<=", ">=", "~=", "==": (symbol, 3, 3)
      case "..": (symbol, 5, 4)
      case "+", "-": (symbol, 6, 6)
      case "*", "/", "%": (symbol, 7, 7)
      case "^": (symbol, 10, 9)
      default: nil
      }
    default: nil
    }
  }

  private static let unaryPriority = 8

  private mutating func expression(above limit: Int) throws(Refusal) -> LuaExpression {
    try inside { (parser) throws(Refusal) in
      var left = try parser.operand()
      while let (name, priority, right) = parser.operatorPriority, priority > limit {
        parser.advance()
        let operand = try parser.expression(above: right)
        left = Self.combine(left, name, operand)
        guard left.height <= Self.nestingMax else { throw Refusal() }
      }
      return left
    }
  }

  private static func combine(
    _ left: LuaExpression, _ name: String, _ right: LuaExpression
  ) -> LuaExpression {
    switch name {
    case "and": return LuaExpression(.and(left, right))
    case "or": return LuaExpression(.or(left, right))
    default:
      // Long sums are common: they need not nest.
      if case .operation(let operands) = left.form, operands.count < nestingMax {
        return LuaExpression(.operation(operands + [right]))
      }
      return LuaExpression(.operation([left, right]))
    }
  }

  /// An operand with the operators before it.
  private mutating func operand() throws(Refusal) -> LuaExpression {
    let form: LuaExpression.Form
    switch token {
    case .keyword("not"), .symbol("-"), .symbol("#"):
      let isLength = isAt("#")
      advance()
      let part = try expression(above: Self.unaryPriority)
      return LuaExpression(isLength ? .length(part) : .operation([part]))
    case .keyword("nil"), .keyword("false"): form = .nothing
    case .keyword("true"): form = .constant
    case .keyword("function"):
      advance()
      let function = try function(hasSelf: false)
      try expect(keyword: "end")
      return function
    case .string(let text): form = .string(text)
    case .number(let number): form = .number(number)
    case .symbol("..."): form = .varargs
    case .symbol("{"): return try table()
    default: return try suffixedExpression()
    }
    advance()
    return LuaExpression(form)
  }

  /// What a name means here.
  mutating func reference(_ name: String) -> LuaExpression {
    guard let variable = variable(name) else { return LuaExpression(.global(name)) }
    variable.useCount += 1
    return LuaExpression(.local(variable))
  }

  /// A name or something in parentheses, and the fields and calls behind it.
  mutating func suffixedExpression() throws(Refusal) -> LuaExpression {
    var base: LuaExpression
    if take("(") {
      base = LuaExpression(.parenthesized(try expression()))
      try expect(")")
    } else {
      base = reference(try takeName())
    }
    while true {
      guard base.height <= Self.nestingMax else { throw Refusal() }
      switch token {
      case .symbol("."):
        advance()
        base = LuaExpression(.field(base, LuaExpression(.string(try takeName()))))
      case .symbol("["):
        advance()
        base = LuaExpression(.field(base, try expression()))
        try expect("]")
      case .symbol(":"):
        advance()
        _ = try takeName()
        base = LuaExpression(.methodCall(base, try arguments()))
      case .symbol("("), .symbol("{"), .string:
        let arguments = try arguments()
        if case .local(let variable) = base.form {
          variable.callCount += 1
          variable.calls.append(arguments)
        }
        base = LuaExpression(.call(base, arguments))
      default: return base
      }
    }
  }

  private mutating func arguments() throws(Refusal) -> [LuaExpression] {
    switch token {
    case .string(let text):
      advance()
      return [LuaExpression(.string(text))]
    case .symbol("{"): return [try table()]
    default:
      try expect("(")
      if take(")") { return [] }
      let values = try expressions()
      try expect(")")
      return values
    }
  }

  private mutating func table() throws(Refusal) -> LuaExpression {
    try expect("{")
    var fields: [(key: LuaExpression?, value: LuaExpression)] = []
    while !isAt("}") {
      if take("[") {
        let key = try expression()
        try expect("]")
        try expect("=")
        fields.append((key, try expression()))
      } else if case .name(let name) = token, isFollowed(by: "=") {
        advance()
        advance()
        fields.append((LuaExpression(.string(name)), try expression()))
      } else {
        fields.append((nil, try expression()))
      }
      guard take(",") || take(";") else { break }
    }
    try expect("}")
    return LuaExpression(.table(fields))
  }
}
