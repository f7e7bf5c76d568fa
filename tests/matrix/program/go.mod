module example.com/matrix/app

go 1.21

require example.com/matrix/near v1.0.0

require example.com/matrix/far v1.0.0 // indirect
