import Boards
import Martlet

// martlet-server, with its options and its files, and the board's procedures.
MartletServer.run(procedures: [Leaderboard.gift])
