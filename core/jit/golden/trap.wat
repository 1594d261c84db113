;; addi a1, zero, 42
;; lbu a0, 0(a0)
;; addi a1, zero, 43
;; wfi
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i64 i64 i64 i32 i32 i32 i32 i64 i32 i64 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 2))
  ))
  (local.set 14 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave1
    (local.set 5 (i64.load offset=x10 (i32.const 0)))
    (local.set 6 (local.get 5))
    (local.set 8 (i32.and (i32.wrap_i64 (i64.shr_u (local.get 6) (i64.const 8))) (i32.const 16368)))
    (if (;likely;) (i64.eq (i64.load offset=loadTlb (local.get 8)) (i64.or (i64.and (local.get 6) (i64.const -4096)) (local.get 4))) (then
      (local.set 9 (i32.load offset=loadTlb.addend (local.get 8)))
    )
    (else
      (local.set 10 (call $load_place (local.get 6) (i32.const 1)))
      (if (;unlikely;) (i32.eqz (local.get 10)) (then
        (local.set 11 (i64.const 42))
        (local.set 12 (i32.const 2053))
        (br $leave1)
      ))
      (local.set 9 (i32.sub (local.get 10) (i32.wrap_i64 (local.get 6))))
    ))
    (local.set 7 (i32.add (i32.wrap_i64 (local.get 6)) (local.get 9)))
    (local.set 13 (i64.load8_u (local.get 7)))
    (local.set 5 (local.get 13))
    (local.set 3 (i32.sub (local.get 3) (i32.const 3)))
    (local.set 11 (i64.const 43))
    (local.set 12 (i32.const 6145))
    (br $leave1)
  )
  (i64.store offset=x10 (i32.const 0) (local.get 5))
  (i64.store offset=x11 (i32.const 0) (local.get 11))
  (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 12) (i32.const 2)) (i32.const 127))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 14) (i64.extend_i32_s (i32.shr_s (local.get 12) (i32.const 9)))))
  (i32.store offset=left (i32.const 0) (local.get 3))
  (return (i32.and (local.get 12) (i32.const 3))))
