/// What the metrics port has to offer.
enum MetricsPages {
  static func answer(_ request: HTTPRequest, _ server: ServerContext) -> [UInt8] {
    let response =
      request.method == "GET" || request.method == "HEAD"
      ? page(request.path, server) : HTTPResponse(status: 405)
    return response.bytes(isHead: request.method == "HEAD", staysOpen: request.staysOpen)
  }

  private static func page(_ path: String, _ server: ServerContext) -> HTTPResponse {
    switch path {
    case "/": return HTTPResponse(DashboardPage.html, type: "text/html; charset=utf-8")
    case "/health": return HTTPResponse("ok\n", type: "text/plain; charset=utf-8")
    case "/metrics":
      return HTTPResponse(
        PrometheusText.make(information(server)), type: "text/plain; version=0.0.4; charset=utf-8")
    case "/data.json":
      return HTTPResponse(
        DashboardData.make(information(server)), type: "application/json; charset=utf-8")
    default: return HTTPResponse(status: 404)
    }
  }

  /// Everything, as of the last second.
  private static func information(_ server: ServerContext) -> Information {
    var information = Information(server, AllocatorFigures(server.memory), server.published.all)
    let details: Set<Information.Section> = [.commandstats, .latencystats, .errorstats]
    information.write(Set(Information.Section.allCases).subtracting(details))
    return information
  }
}
