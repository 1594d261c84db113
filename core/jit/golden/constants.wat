;; lui a0, 305418240
;; addi a0, a0, 1656
;; auipc a1, 8192
;; addi a1, a1, -16
;; slli a2, a0, 12
;; jal ra, 256
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i64 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 2))
  ))
  (local.set 5 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave2
    (block $leave1
      (local.set 3 (i32.sub (local.get 3) (i32.const 6)))
      (i64.store offset=x1 (i32.const 0) (i64.add (local.get 5) (i64.const 24)))
      (i64.store offset=x10 (i32.const 0) (i64.const 305419896))
      (i64.store offset=x11 (i32.const 0) (i64.add (local.get 5) (i64.const 8184)))
      (i64.store offset=x12 (i32.const 0) (i64.const 1250999894016))
      (i64.store offset=pc (i32.const 0) (i64.add (local.get 5) (i64.const 276)))
      (i32.store offset=left (i32.const 0) (local.get 3))
      (return (i32.const 0))
    )
  ))
