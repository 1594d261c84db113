;; lw a1, 0(a0)
;; jal ra, 512
;; add a2, a2, a1
;; ld a0, 8(a0)
;; bne a0, zero, -16
;; jalr zero, 0(ra)
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i64 i32 i64 i64 i64 i64 i32 i32 i32 i32 i32 i32 i64 i64 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 2))
  ))
  (local.set 10 (select (i32.sub (local.get 3) (i32.const 1024)) (i32.const 0) (i32.gt_s (i32.sub (local.get 3) (i32.const 1024)) (i32.const 0))))
  (local.set 17 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
  (block $leave3
    (block $leave2
      (block $leave1
        (block $to4
          (local.set 5 (i32.add (local.get 0) (i32.const 1)))
          (if (i32.eq (local.get 0) (i32.const 0)) (then
            (local.set 6 (i64.load offset=x10 (i32.const 0)))
            (local.set 7 (i64.load offset=x12 (i32.const 0)))
            (br $to4)
          ))
          (local.set 8 (i64.load offset=x1 (i32.const 0)))
          (local.set 6 (i64.load offset=x10 (i32.const 0)))
          (local.set 9 (i64.load offset=x11 (i32.const 0)))
          (local.set 7 (i64.load offset=x12 (i32.const 0)))
          (br $to4)
        )
        (loop $loop4
          (block $to1
            (if (;unlikely;) (local.get 5) (then
              (if (i32.eq (local.get 5) (i32.const 2)) (then
                (local.set 5 (i32.const 0))
                (br $to1)
              ))
              (local.set 5 (i32.const 0))
            ))
            (if (;unlikely;) (i32.lt_s (local.get 3) (local.get 10)) (then
              (if (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
                (local.set 11 (i32.const 2))
                (br $leave3)
              ))
              (local.set 10 (select (i32.sub (local.get 3) (i32.const 1024)) (i32.const 0) (i32.gt_s (i32.sub (local.get 3) (i32.const 1024)) (i32.const 0))))
            ))
            (local.set 13 (i32.and (i32.wrap_i64 (i64.shr_u (local.get 6) (i64.const 8))) (i32.const 16368)))
            (if (;likely;) (i64.eq (i64.load offset=loadTlb (local.get 13)) (i64.or (i64.and (i64.add (local.get 6) (i64.const 3)) (i64.const -4096)) (local.get 4))) (then
              (local.set 14 (i32.load offset=loadTlb.addend (local.get 13)))
            )
            (else
              (local.set 15 (call $load_place (local.get 6) (i32.const 4)))
              (if (;unlikely;) (i32.eqz (local.get 15)) (then
                (local.set 11 (i32.const 1))
                (br $leave3)
              ))
              (local.set 14 (i32.sub (local.get 15) (i32.wrap_i64 (local.get 6))))
            ))
            (local.set 12 (i32.add (i32.wrap_i64 (local.get 6)) (local.get 14)))
            (local.set 16 (i64.load32_s (local.get 12)))
            (local.set 9 (local.get 16))
            (local.set 3 (i32.sub (local.get 3) (i32.const 2)))
            (i64.store offset=x1 (i32.const 0) (i64.add (local.get 17) (i64.const 8)))
            (i64.store offset=x10 (i32.const 0) (local.get 6))
            (i64.store offset=x11 (i32.const 0) (local.get 9))
            (i64.store offset=x12 (i32.const 0) (local.get 7))
            (i64.store offset=pc (i32.const 0) (i64.add (local.get 17) (i64.const 516)))
            (i32.store offset=left (i32.const 0) (local.get 3))
            (if (;unlikely;) (i32.ge_u (local.get 1) (i32.const 200)) (then
              (return (i32.const 0))
            ))
            (local.set 15 (call $nest (i64.add (local.get 17) (i64.const 8)) (i32.add (local.get 1) (i32.const 1)) (local.get 2)))
            (if (;unlikely;) (local.get 15) (then
              (return (local.get 15))
            ))
            (local.set 3 (i32.load offset=left (i32.const 0)))
            (local.set 8 (i64.load offset=x1 (i32.const 0)))
            (local.set 6 (i64.load offset=x10 (i32.const 0)))
            (local.set 9 (i64.load offset=x11 (i32.const 0)))
            (local.set 7 (i64.load offset=x12 (i32.const 0)))
            (local.set 4 (i64.extend_i32_u (i32.load offset=dataContext (i32.const 0))))
            (br $to1)
          )
          (local.set 7 (i64.add (local.get 7) (local.get 9)))
          (local.set 16 (i64.add (local.get 6) (i64.const 8)))
          (local.set 15 (i32.and (i32.wrap_i64 (i64.shr_u (local.get 16) (i64.const 8))) (i32.const 16368)))
          (if (;likely;) (i64.eq (i64.load offset=loadTlb (local.get 15)) (i64.or (i64.and (i64.add (local.get 16) (i64.const 7)) (i64.const -4096)) (local.get 4))) (then
            (local.set 14 (i32.load offset=loadTlb.addend (local.get 15)))
          )
          (else
            (local.set 13 (call $load_place (local.get 16) (i32.const 8)))
            (if (;unlikely;) (i32.eqz (local.get 13)) (then
              (local.set 11 (i32.const 6149))
              (br $leave2)
            ))
            (local.set 14 (i32.sub (local.get 13) (i32.wrap_i64 (local.get 16))))
          ))
          (local.set 12 (i32.add (i32.wrap_i64 (local.get 16)) (local.get 14)))
          (local.set 18 (i64.load (local.get 12)))
          (local.set 6 (local.get 18))
          (local.set 3 (i32.sub (local.get 3) (i32.const 3)))
          (if (i64.ne (local.get 6) (i64.const 0)) (then
            (br $loop4)
          )
          (else
            (local.set 18 (i64.and (local.get 8) (i64.const -2)))
            (local.set 3 (i32.sub (local.get 3) (i32.const 1)))
            (i64.store offset=x10 (i32.const 0) (local.get 6))
            (i64.store offset=x12 (i32.const 0) (local.get 7))
            (i64.store offset=pc (i32.const 0) (local.get 18))
            (i32.store offset=left (i32.const 0) (local.get 3))
            (return (i32.const 0))
          ))
        )
      )
    )
    (i64.store offset=x12 (i32.const 0) (local.get 7))
    (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 11) (i32.const 2)) (i32.const 127))))
    (i64.store offset=pc (i32.const 0) (i64.add (local.get 17) (i64.extend_i32_s (i32.shr_s (local.get 11) (i32.const 9)))))
    (i32.store offset=left (i32.const 0) (local.get 3))
    (return (i32.and (local.get 11) (i32.const 3)))
  )
  (i64.store offset=x10 (i32.const 0) (local.get 6))
  (i64.store offset=x12 (i32.const 0) (local.get 7))
  (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 11) (i32.const 2)) (i32.const 127))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 17) (i64.extend_i32_s (i32.shr_s (local.get 11) (i32.const 9)))))
  (i32.store offset=left (i32.const 0) (local.get 3))
  (return (i32.and (local.get 11) (i32.const 3))))
