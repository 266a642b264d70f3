import Engine
import RESP

extension ServiceCommand {
  /// `LOLWUT [VERSION version]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lolwut/>
  static let lolwut = ServiceCommand(
    Command(
      "lolwut", "Draws a bird, and tells the version.", since: "5.0.0", group: .server,
      complexity: "O(1)", arity: .atLeast(1), flags: [.readOnly, .fast],
      arguments: [.init("version", .integer, token: "VERSION", .optional)], execution: .service)
  ) { _, _, arguments, _, reply throws(CommandError) in
    if arguments.count >= 3, arguments[1].matches("version"),
      DecimalText.integer(arguments[2]) == nil
    {
      throw .notAnInteger
    }
    reply.verbatim(Array((martlet + "\nRedis ver. \(Version.redis)\n").utf8))
  }

  /// A heraldic martlet: the swallow without feet, always on the wing.
  private static let martlet = """
                    __
            _.--"" _  \\_
       _.-'' _.-' ( o  >=-
      '-.__.-'     \\  _/
       _.-'  _.-''  )/
     .'__.--'' _.--'
      \\__.--''/
           /.'
          ('

    """
}
