module posta

go 1.26.0
