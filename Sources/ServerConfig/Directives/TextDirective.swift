/// The directives that hold one text; the empty text is "not set".
package enum TextDirective: Int, CaseIterable, Sendable {
  // Server
  case pidfile
  case logfile
  case syslogIdent
  case procTitleTemplate
  case localeCollate
  case serverCpulist
  case bioCpulist
  case aofRewriteCpulist
  case bgsaveCpulist
  case ignoreWarnings
  case availabilityZone
  case hashSeed

  // Network
  case bindSourceAddr
  case unixsocket
  case unixsocketgroup

  // TLS
  case tlsCertFile
  case tlsKeyFile
  case tlsKeyFilePass
  case tlsClientCertFile
  case tlsClientKeyFile
  case tlsClientKeyFilePass
  case tlsDhParamsFile
  case tlsCaCertFile
  case tlsCaCertDir
  case tlsProtocols
  case tlsCiphers
  case tlsCiphersuites

  // Security
  case requirepass
  case aclfile

  // Persistence
  case dir
  case dbfilename
  case appendfilename
  case appenddirname

  // Replication
  case masterauth
  case masteruser
  case replicaAnnounceIp

  // Cluster
  case clusterConfigFile
  case clusterAnnounceIp
  case clusterAnnounceClientIpv4
  case clusterAnnounceClientIpv6
  case clusterAnnounceHostname
  case clusterAnnounceHumanNodename

  // Observability
  case metricsBind
}
