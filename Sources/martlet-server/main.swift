import Server
let a = CommandLine.arguments
try runPrototype(port: Int(a[a.firstIndex(of: "--port")! + 1])!, shards: Int(a[a.firstIndex(of: "--shards")! + 1])!)
