import Engine
import Testing

/// What clients read of the commands, against COMMAND INFO and COMMAND DOCS of Redis 8.2.3.
@Suite struct GenericCommandTableTests {
  @Test func factsAreThoseOfRedis() {
    var facts: [String] = []
    for command in (CommandTable.generic + [.keys, .randomkey, .scan, .wait]) {
      facts.append(describe(command, called: command.name))
      for subcommand in command.subcommands {
        facts.append(describe(subcommand, called: "\(command.name) \(subcommand.name)"))
      }
    }
    let expected = Self.factsOfRedis.split(separator: "\n").map(String.init)
    #expect(facts.count == expected.count)
    for (fact, expected) in zip(facts.sorted(), expected) { #expect(fact == expected) }
  }

  @Test func theTableIsAlphabetical() {
    let names = CommandTable.generic.map(\.name)
    #expect(names == names.sorted())
  }

  /// Name, arity, flags, categories, tips, key specifications, arguments, version, group, versions
  /// of changes.
  private func describe(_ command: Command, called name: String) -> String {
    [
      name, "\(command.arity.wireValue)", sorted(command.flags.names),
      sorted(command.categories.names), command.tips.joined(separator: ","),
      command.keys.map(describe).joined(separator: " "),
      command.arguments.map(describe).joined(separator: " "), command.since,
      command.group.rawValue, command.history.map(\.since).joined(separator: ","),
    ].joined(separator: "|")
  }

  private func describe(_ spec: KeySpec) -> String {
    var text = "?"
    if case .index(let index) = spec.begin, case .range(let last, let step, _) = spec.find {
      text = "\(index)+\(last)/\(step)"
    }
    return "\(text){\(sorted(spec.access.names))}"
  }

  private func describe(_ argument: Command.Argument) -> String {
    var text = "\(argument.name):\(argument.type.rawValue)"
    if let token = argument.token { text += "=\(token)" }
    let traits: [(Command.Argument.Traits, StaticString)] = [
      (.multiple, "multiple"), (.multipleToken, "multiple_token"), (.optional, "optional"),
    ]
    let names = traits.filter { argument.traits.contains($0.0) }.map(\.1)
    if !names.isEmpty { text += "{\(sorted(names))}" }
    if let index = argument.keySpecIndex { text += "#\(index)" }
    if let since = argument.since { text += "@\(since)" }
    if let display = argument.displayText { text += "~\(display)" }
    if !argument.members.isEmpty {
      text += "(\(argument.members.map(describe).joined(separator: " ")))"
    }
    return text
  }

  private func sorted(_ names: [StaticString]) -> String {
    names.map { "\($0)" }.sorted().joined(separator: ",")
  }

  private static let factsOfRedis = """
    copy|-3|denyoom,write|keyspace,slow,write||1+0/1{RO,access} 2+0/1{OW,update}|source:key#0 \
    destination:key#1 destination-db:integer=DB{optional} \
    replace:pure-token=REPLACE{optional}|6.2.0|generic|
    dbsize|1|fast,readonly|fast,keyspace,read|request_policy:all_shards,response_policy:agg_sum|||1.0.0|server|
    del|-2|write|keyspace,slow,write|request_policy:multi_shard,response_policy:agg_sum|1+-1/1{RM,delete}|key:key{multiple}#0|1.0.0|generic|
    dump|2|readonly|keyspace,read,slow|nondeterministic_output|1+0/1{RO,access}|key:key#0|2.6.0|generic|
    exists|-2|fast,readonly|fast,keyspace,read|request_policy:multi_shard,response_policy:agg_sum|1+-1/1{RO}|key:key{multiple}#0|1.0.0|generic|3.0.3
    expireat|-3|fast,write|fast,keyspace,write||1+0/1{RW,update}|key:key#0 \
    unix-time-seconds:unix-time condition:oneof{optional}@7.0.0(nx:pure-token=NX xx:pure-token=XX \
    gt:pure-token=GT lt:pure-token=LT)|1.2.0|generic|7.0.0
    expiretime|2|fast,readonly|fast,keyspace,read||1+0/1{RO,access}|key:key#0|7.0.0|generic|
    expire|-3|fast,write|fast,keyspace,write||1+0/1{RW,update}|key:key#0 seconds:integer \
    condition:oneof{optional}@7.0.0(nx:pure-token=NX xx:pure-token=XX gt:pure-token=GT \
    lt:pure-token=LT)|1.0.0|generic|7.0.0
    flushall|-1|write|dangerous,keyspace,slow,write|request_policy:all_shards,response_policy:all_succeeded||flush-type:oneof{optional}(async:pure-token=ASYNC@4.0.0\
     sync:pure-token=SYNC@6.2.0)|1.0.0|server|4.0.0,6.2.0
    flushdb|-1|write|dangerous,keyspace,slow,write|request_policy:all_shards,response_policy:all_succeeded||flush-type:oneof{optional}(async:pure-token=ASYNC@4.0.0\
     sync:pure-token=SYNC@6.2.0)|1.0.0|server|4.0.0,6.2.0
    keys|2|readonly|dangerous,keyspace,read,slow|request_policy:all_shards,nondeterministic_output_order||pattern:pattern|1.0.0|generic|
    move|3|fast,write|fast,keyspace,write||1+0/1{RW,access,update}|key:key#0 \
    db:integer|1.0.0|generic|
    object \
    encoding|3|readonly|keyspace,read,slow|nondeterministic_output|2+0/1{RO}|key:key#0|2.2.3|generic|
    object \
    freq|3|readonly|keyspace,read,slow|nondeterministic_output|2+0/1{RO}|key:key#0|4.0.0|generic|
    object help|2|loading,stale|keyspace,slow||||6.2.0|generic|
    object \
    idletime|3|readonly|keyspace,read,slow|nondeterministic_output|2+0/1{RO}|key:key#0|2.2.3|generic|
    object \
    refcount|3|readonly|keyspace,read,slow|nondeterministic_output|2+0/1{RO}|key:key#0|2.2.3|generic|
    object|-2||slow||||2.2.3|generic|
    persist|2|fast,write|fast,keyspace,write||1+0/1{RW,update}|key:key#0|2.2.0|generic|
    pexpireat|-3|fast,write|fast,keyspace,write||1+0/1{RW,update}|key:key#0 \
    unix-time-milliseconds:unix-time condition:oneof{optional}@7.0.0(nx:pure-token=NX \
    xx:pure-token=XX gt:pure-token=GT lt:pure-token=LT)|2.6.0|generic|7.0.0
    pexpiretime|2|fast,readonly|fast,keyspace,read||1+0/1{RO,access}|key:key#0|7.0.0|generic|
    pexpire|-3|fast,write|fast,keyspace,write||1+0/1{RW,update}|key:key#0 milliseconds:integer \
    condition:oneof{optional}@7.0.0(nx:pure-token=NX xx:pure-token=XX gt:pure-token=GT \
    lt:pure-token=LT)|2.6.0|generic|7.0.0
    pttl|2|fast,readonly|fast,keyspace,read|nondeterministic_output|1+0/1{RO,access}|key:key#0|2.6.0|generic|2.8.0
    randomkey|1|readonly|keyspace,read,slow|request_policy:all_shards,response_policy:special,nondeterministic_output|||1.0.0|generic|
    renamenx|3|fast,write|fast,keyspace,write||1+0/1{RW,access,delete} 2+0/1{OW,insert}|key:key#0 \
    newkey:key#1|1.0.0|generic|3.2.0
    rename|3|write|keyspace,slow,write||1+0/1{RW,access,delete} 2+0/1{OW,update}|key:key#0 \
    newkey:key#1|1.0.0|generic|
    restore|-4|denyoom,write|dangerous,keyspace,slow,write||1+0/1{OW,update}|key:key#0 ttl:integer\
     serialized-value:string replace:pure-token=REPLACE{optional}@3.0.0 \
    absttl:pure-token=ABSTTL{optional}@5.0.0 seconds:integer=IDLETIME{optional}@5.0.0 \
    frequency:integer=FREQ{optional}@5.0.0|2.6.0|generic|3.0.0,5.0.0,5.0.0
    scan|-2|readonly|keyspace,read,slow|nondeterministic_output,request_policy:special,response_policy:special||cursor:integer\
     pattern:pattern=MATCH{optional} count:integer=COUNT{optional} \
    type:string=TYPE{optional}@6.0.0|2.8.0|generic|6.0.0
    sort_ro|-2|movablekeys,readonly|dangerous,list,read,set,slow,sortedset||1+0/1{RO,access} \
    ?{RO,access}|key:key#0 by-pattern:pattern=BY{optional}#1~pattern \
    limit:block=LIMIT{optional}(offset:integer count:integer) \
    get-pattern:pattern=GET{multiple,multiple_token,optional}#1~pattern \
    order:oneof{optional}(asc:pure-token=ASC desc:pure-token=DESC) \
    sorting:pure-token=ALPHA{optional}|7.0.0|generic|
    sort|-2|denyoom,movablekeys,write|dangerous,list,set,slow,sortedset,write||1+0/1{RO,access} \
    ?{RO,access} ?{OW,update}|key:key#0 by-pattern:pattern=BY{optional}#1~pattern \
    limit:block=LIMIT{optional}(offset:integer count:integer) \
    get-pattern:pattern=GET{multiple,multiple_token,optional}#1~pattern \
    order:oneof{optional}(asc:pure-token=ASC desc:pure-token=DESC) \
    sorting:pure-token=ALPHA{optional} destination:key=STORE{optional}#2|1.0.0|generic|
    swapdb|3|fast,write|dangerous,fast,keyspace,write|||index1:integer \
    index2:integer|4.0.0|server|
    touch|-2|fast,readonly|fast,keyspace,read|request_policy:multi_shard,response_policy:agg_sum|1+-1/1{RO}|key:key{multiple}#0|3.2.1|generic|
    ttl|2|fast,readonly|fast,keyspace,read|nondeterministic_output|1+0/1{RO,access}|key:key#0|1.0.0|generic|2.8.0
    type|2|fast,readonly|fast,keyspace,read||1+0/1{RO}|key:key#0|1.0.0|generic|
    unlink|-2|fast,write|fast,keyspace,write|request_policy:multi_shard,response_policy:agg_sum|1+-1/1{RM,delete}|key:key{multiple}#0|4.0.0|generic|
    wait|3|blocking|blocking,connection,slow|request_policy:all_shards,response_policy:agg_min||numreplicas:integer\
     timeout:integer|3.0.0|generic|
    """
}
