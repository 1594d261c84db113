;; addi a0, a0, -1
;; bne a0, zero, -4
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i64 i32 i32 i64 i32 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 2))
  ))
  (local.set 9 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave2
    (block $leave1
      (local.set 7 (i64.load offset=x10 (i32.const 0)))
      (loop $loop0
        (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
          (local.set 8 (i32.const 2))
          (br $leave1)
        ))
        (block $slow
          (block $now
            (br_if (;likely;) $now (i32.eqz (local.get 5)))
            (local.set 5 (i32.sub (local.get 5) (i32.const 1)))
            (br $slow)
          )
          (block $later
            (br_if $slow (i64.lt_u (local.get 7) (i64.const 8)))
            (local.set 6 (i32.sub (local.get 3) (i32.const 512)))
            (loop $loop2
              (local.set 7 (i64.add (local.get 7) (i64.const -1)))
              (local.set 3 (i32.sub (local.get 3) (i32.const 2)))
              (if (i64.ne (local.get 7) (i64.const 0)) (then
                (br_if (;likely;) $loop2 (i32.gt_s (local.get 3) (local.get 6)))
                (br $loop0)
              )
              (else
                (local.set 8 (i32.const 4096))
                (br $leave1)
              ))
            )
          )
          (local.set 5 (i32.const 64))
        )
        (local.set 7 (i64.add (local.get 7) (i64.const -1)))
        (local.set 3 (i32.sub (local.get 3) (i32.const 2)))
        (if (i64.ne (local.get 7) (i64.const 0)) (then
          (br $loop0)
        )
        (else
          (local.set 8 (i32.const 4096))
          (br $leave1)
        ))
      )
    )
    (i64.store offset=x10 (i32.const 0) (local.get 7))
    (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 8) (i32.const 2)) (i32.const 127))))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 9) (i64.extend_i32_s (i32.shr_s (local.get 8) (i32.const 9)))))
    (i32.store offset=left (i32.const 0) (local.get 3))
    (return (i32.and (local.get 8) (i32.const 3)))
  ))
