import Glibc
import LoadGenerator

exit(BenchmarkProcess.run(CommandLine.arguments))
