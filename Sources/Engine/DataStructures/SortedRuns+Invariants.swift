#if DEBUG || INTERNAL_CHECKS
  extension SortedRuns {
    /// Traps unless every run has elements, within its capacity, and all are in order.
    func checkInvariants() {
      var previous: StreamID?
      var sum = 0
      for run in runs {
        precondition(run.count > 0, "an empty run")
        precondition(Int(run.start) + Int(run.count) <= Int(run.capacity), "a run beyond its block")
        sum += Int(run.count)
        for index in 0..<Int(run.count) {
          let id = run[index].id
          if let previous { precondition(previous < id, "IDs out of order") }
          previous = id
        }
      }
      precondition(sum == count, "a wrong count")
    }
  }
#endif
