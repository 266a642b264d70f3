import Glibc
import Server

exit(await ServerProcess.run(CommandLine.arguments))
