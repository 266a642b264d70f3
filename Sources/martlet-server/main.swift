import Glibc
import Server

exit(ServerProcess.run(CommandLine.arguments))
