import Engine
import RESP

/// DEBUG's subcommands about files.
extension DebugCall {
  static let reload: Body = { call, _, _ throws(CommandError) in
    var saves = true
    var keepsData = false
    var merges = false
    for index in 2..<call.arguments.count {
      let word = call.arguments[index]
      if word.matches("nosave") {
        saves = false
      } else if word.matches("noflush") {
        keepsData = true
      } else if word.matches("merge") {
        merges = true
      } else {
        throw CommandError("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
      }
    }
    let persistence = call.worker.server.persistence
    let savesFirst = saves
    let (keeps, mergesLibraries) = (keepsData, merges)
    call.worker.suspend(call.connection) { reply throws(CommandError) in
      if savesFirst {
        let isSaved: Bool
        do throws(Persistence.SaveRefusal) {
          isSaved = await (try persistence.startSave(isScheduled: true, isAwaited: true)).value
        } catch {
          throw CommandError("ERR Background save already in progress")
        }
        guard isSaved else { throw CommandError("ERR Error trying to save the DB, check server logs") }
      }
      guard await persistence.reload(readsLog: false, keepsData: keeps, merges: mergesLibraries)
      else {
        throw CommandError("ERR Error trying to load the RDB dump, check server logs")
      }
      reply.ok()
    }
  }

  static let loadAppendOnly: Body = { call, _, _ throws(CommandError) in
    let persistence = call.worker.server.persistence
    call.worker.suspend(call.connection) { reply throws(CommandError) in
      guard await persistence.reload(readsLog: true) else {
        throw CommandError("ERR Error trying to load the AOF files, check server logs")
      }
      reply.ok()
    }
  }
}
