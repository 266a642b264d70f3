import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT subcommand`: what is to be known and done about connections.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client/>
  static var client: ServiceCommand {
    let subcommands: [ServiceCommand] = [
      .clientCaching,
      .clientGetName,
      .clientGetRedirection,
      .clientHelp,
      .clientID,
      .clientInfo,
      .clientKill,
      .clientList,
      .clientNoEvict,
      .clientNoTouch,
      .clientPause,
      .clientReply,
      .clientSetInfo,
      .clientSetName,
      .clientTracking,
      .clientTrackingInfo,
      .clientUnblock,
      .clientUnpause,
    ]
    return ServiceCommand(
      Command(
        "client", "Holds the commands about connections.",
        since: "2.4.0", group: .connection, complexity: "Depends on subcommand.",
        arity: .atLeast(2),
        subcommands: subcommands.map(\.command), execution: .container),
      subcommands: subcommands)
  }
}
