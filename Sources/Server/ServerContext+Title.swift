import CLinux
import ServerConfig

/// What ps shows of the process: `proc-title-template`.
extension ServerContext {
  /// Sets the title as the configuration wants it, unless `set-proc-title no`.
  func setProcessTitle(_ configuration: Configuration) {
    guard configuration[.setProcTitle] else { return }
    let title = ProcessTitle.expand(configuration[.procTitleTemplate]) { variable in
      switch variable {
      case "title": origin.name
      case "listen-addr":
        configuration[.port] == 0
          ? configuration[.unixsocket]
          : "\(configuration.bindAddresses.first ?? "*"):\(configuration[.port])"
      case "server-mode": ""
      case "port": "\(configuration[.port])"
      case "tls-port": "\(configuration[.tlsPort])"
      case "unixsocket": configuration[.unixsocket]
      case "config-file": origin.path ?? ""
      default: nil
      }
    }
    if let title { unsafe clinux_set_process_title(title) }
  }
}
